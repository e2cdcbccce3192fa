# Policies on the JSON of a plan (`reconciler show change.plan --format json`), which is OPA's input document.
package dialling

import rego.v1

deny contains {"msg": "it is deleted or replaced", "object": change.address} if {
	some change in input.resource_changes
	"delete" in change.change.actions
}

deny contains {"msg": "it may abandon more than 3 % of its calls", "object": change.address} if {
	some change in input.resource_changes
	change.type == "Campaign"
	change.change.after != null
	not keeps_the_ceiling(change.change.after)
}

# a campaign without a threshold keeps none: null is less than any number
keeps_the_ceiling(campaign) if {
	is_number(campaign.abandonThreshold)
	campaign.abandonThreshold <= 3
}

deny contains {"msg": "more than 5 % are taken off it for want of consent", "object": rows.address} if {
	some rows in input.row_changes
	rows.writes == "members"
	gone := sum([each.count | some each in rows.reasons; each.action == "remove"; each.code == "no_consent"])
	gone * 100 > rows.live * 5
}

deny contains {"msg": "its pacing rises above one and a half times", "object": change.address, "setting": field.path} if {
	some change in input.resource_changes
	change.change.actions == ["update"]
	some field in change.fields
	startswith(field.path, "predictive.")
	not is_moderate(field)
}

# from or to nothing, it is not
is_moderate(field) if {
	is_number(field.before)
	is_number(field.after)
	field.before > 0
	field.after * 2 <= field.before * 3
}

deny contains {"msg": "nothing is done to collections", "object": change.address} if {
	some change in input.resource_changes
	change.change.actions != ["no-op"]
	startswith(change.live_name, "Collections")
}

deny contains {"msg": "a finding refuses", "object": finding.object, "rule": finding.rule} if {
	some finding in input.findings
	finding.severity == "refuse"
	finding.waived == null
}
