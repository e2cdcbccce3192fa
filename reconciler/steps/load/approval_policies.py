"""Read and check the approval policies: who must approve which plans, and the files of their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from reconciler.kinds import floor, load_kinds
from reconciler.ledger.git_index import comes_with
from reconciler.model.allowed_signers import read_signers
from reconciler.model.approval_policy import Policy
from reconciler.model.nearest_name import suggest
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.workspace_settings import Workspace
from reconciler.rules import load_rules
from reconciler.steps.load.manifest_files import FILE_BYTES, format_name
from reconciler.steps.load.references import Manifest

_SIGNERS, _INLINE, _REVOKED = "allowedSigners", "signers", "revokedKeys"


class Policies(NamedTuple):
    """What the floors say of approvals, what is wrong with it, and what may only follow from a file that is none."""

    policies: tuple[Policy, ...]
    problems: Problems
    following: Problems


def read_policies(catalogue: Catalogue, manifests: Sequence[Manifest], workspace: Workspace) -> Policies:
    """What the floors say of approvals; the operator's are those whose files no change of the manifests reaches."""
    apart = [each for each in manifests if each.document.operator]
    beyond = (each.resource for each in apart if not each.document.with_manifests)
    operators = {resource.address for resource in beyond if resource is not None}
    readings = [
        _Reading(resource, floor.make_policy(resource, operator=resource.address in operators), workspace)
        for resource in catalogue.of_kind(floor.KIND.name)
        if "approvals" in resource.spec
    ]
    policies = {each.policy.by: each.read() for each in readings}
    for each in readings:
        each.check(policies)
    problems = Problems(problem for each in readings for problem in each.problems)
    lost = any(each.resource is None for each in apart)  # and with it perhaps the group
    following = Problems(each for each in problems if lost and each.code == "unknown-group")
    return Policies(tuple(policies.values()), Problems(each for each in problems if each not in following), following)


@dataclass
class _Reading:
    """One floor's policy, as it is read."""

    resource: Resource
    policy: Policy
    workspace: Workspace
    problems: Problems = field(default_factory=Problems)

    def read(self) -> Policy:
        """The policy with what its files say; its groups that are another's are found in that."""
        content, named = self._read_file(_SIGNERS), self.resource.spec["approvals"].get(_SIGNERS, "")
        signers = None if content is None else self._read_signers(content)
        inline = self.resource.spec["approvals"].get(_INLINE, ())
        for number, line in enumerate(inline):
            for bad in read_signers(line)[1]:
                self._tell("bad-signer", bad.why, _INLINE, number, hint=bad.hint)
        if inline and not (named and signers is None):
            signers = "\n".join([*(signers or "").splitlines(), *inline, ""])
        self.policy = replace(self.policy, signers=signers, signers_file=named, revoked=self._read_file(_REVOKED))
        return self.policy

    def check(self, policies: dict[str, Policy]) -> None:
        """Find what is wrong with the policy beside those of the other floors, and finish its requirements."""
        spec, finished = self.resource.spec["approvals"], []
        if self.policy.reviews and not self.policy.operator:
            self._tell(
                "reviews-in-manifests",
                "a file that comes with the manifests does not say that reviews are believed",
                "reviews",
                hint="say it in the operator's file, which `--floor FILE` or RECONCILER_FLOOR names",
            )
        if _SIGNERS not in spec and _INLINE not in spec and not self.policy.reviews and self.policy.groups:
            self._tell(
                "no-way-to-approve",
                "nobody can approve: there is no key in `allowedSigners` or `signers`, and no trusted `reviews`",
            )
        named: dict[str, str] = {}
        for user in self.policy.users:
            if (other := named.setdefault(user.casefold(), user)) != user:
                message = f"`{other}` and `{user}` are one user to a code host, and stand for a person each"
                self._tell("user-twice", message, "users", user, hint="leave one of them out")
        for number, requirement in enumerate(self.policy.requirements):
            self._check_names(number)
            homes = [requirement.of] if requirement.group in self.policy.groups else self._find_homes(policies, number)
            if len(homes) == 1:
                finished.append(replace(requirement, of=homes[0]))
                self._check_size(number, requirement.count, policies[homes[0]], requirement.group)
        policies[self.policy.by] = replace(self.policy, requirements=tuple(finished))

    def _find_homes(self, policies: Mapping[str, Policy], number: int) -> list[str]:
        """The operator's floors that have a group which this one names and has not."""
        group = self.policy.requirements[number].group
        known = {
            name: by for by, policy in sorted(policies.items()) if policy.operator for name in sorted(policy.groups)
        }
        homes = [by for by, policy in sorted(policies.items()) if policy.operator and group in policy.groups]
        path = ("requirements", number, "needs", "group")
        if not homes:
            hint = suggest(group, {*self.policy.groups, *known})
            self._tell("unknown-group", f"there is no group `{group}` of people who approve", *path, hint=hint)
        elif len(homes) > 1:
            message = f"{' and '.join(homes)} each have a group `{group}`, and it is not said which is meant"
            self._tell("group-of-several", message, *path, hint="give this Floor a group of its own, or rename one")
        return homes

    def _check_names(self, number: int) -> None:
        when = self.policy.requirements[number].when
        for place, rule in enumerate(when.rules):
            if rule not in load_rules():
                path = ("requirements", number, "when", "rules", place)
                self._tell("unknown-rule", f"there is no rule `{rule}`", *path, hint=suggest(rule, load_rules()))
        for place, kind in enumerate(when.kinds):
            if kind not in load_kinds():
                path = ("requirements", number, "when", "kinds", place)
                self._tell("unknown-kind", f"there is no kind `{kind}`", *path, hint=suggest(kind, load_kinds()))

    def _check_size(self, number: int, count: int, home: Policy, group: str) -> None:
        """Whether so many people of a group could approve: each has a key, or a name at the code host."""
        members = home.groups[group]
        path = ("requirements", number, "needs", "count")
        if count > len(members):
            people = f"{len(members)} {'person' if len(members) == 1 else 'people'}"
            self._tell(
                "group-too-small",
                f"the group `{group}` has {people}, and {count} of it would have to approve",
                *path,
                hint="lower the count, or put more people into the group",
            )
            return
        if home.signers is None and home.signers_file:
            return  # the file could not be read, which is told
        lines = read_signers(home.signers or "")[0]
        by_name = set(home.users.values()) if home.reviews else set()
        unable = [each for each in members if each not in by_name and not any(line.is_of(each) for line in lines)]
        if count > len(members) - len(unable):
            self._tell(
                "group-unable",
                f"{count} of the group `{group}` would have to approve, and {len(members) - len(unable)} of it can",
                *path,
                note=f"without a key in `{_SIGNERS}`{' or a name in `users`' if home.reviews else ''}: "
                f"{', '.join(unable)}",
                hint="give them one, or lower the count",
            )

    def _read_signers(self, content: bytes) -> str | None:
        name = format_name(self.workspace.root, self._find_home().parent / self.resource.spec["approvals"][_SIGNERS])
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._tell("signers-unreadable", "the file of allowed signers is not UTF-8 text", _SIGNERS)
            return None
        lines, bad = read_signers(text)
        self.problems += [Problem(Location(name, each.number), "bad-signer", each.why, hint=each.hint) for each in bad]
        if not lines and not bad:
            self._tell("no-signers", f"{name} names nobody", _SIGNERS, hint="write a line for each key")
        return text

    def _read_file(self, key: str) -> bytes | None:
        """The content of a file that the policy names, from its own file; what is wrong with it is found."""
        given: str | None = self.resource.spec["approvals"].get(key)
        if given is None:
            return None
        home, root = self._find_home(), self.workspace.root
        path = home.parent / given
        inside = root.resolve()
        with_manifests = path.resolve().is_relative_to(inside) or comes_with(path, inside)
        if self.policy.operator and with_manifests:
            self._tell(
                "signers-in-manifests",
                "this file is the workspace's, or git has it beside the manifests: a pull request could change it",
                key,
                hint="keep it beside the operator's file",
            )
        if (
            not self.policy.operator
            and not path.resolve().is_relative_to(home.resolve().parent)
            and not (path.resolve().is_relative_to(inside))
        ):
            self._tell("path-outside-workspace", "this path leads outside the workspace", key)
            return None
        try:
            with path.open("rb") as file:
                content: bytes = file.read(FILE_BYTES + 1)
        except OSError as error:
            self._tell("file-unreadable", f"{given} cannot be read", key, note=error.strerror)
            return None
        if len(content) > FILE_BYTES:
            self._tell("file-too-large", f"{given} is larger than the {FILE_BYTES // 1024:,} KiB it may have", key)
            return None
        return content

    def _find_home(self) -> Path:
        """The file that the policy stands in."""
        name, root = self.resource.where().file, self.workspace.root
        named = (each for each in self.workspace.floors if format_name(root, each) == name)
        return next(named, root / name)

    def _where(self, *path: str | int) -> Location:
        return self.resource.where("spec", "approvals", *path)

    def _tell(
        self, code: str, message: str, *path: str | int, note: str | None = None, hint: str | None = None
    ) -> None:
        self.problems.append(Problem(self._where(*path), code, message, note=note, hint=hint))
