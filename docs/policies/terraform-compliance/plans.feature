Feature: What no plan of ours may do

  Scenario: No campaign may abandon more than 3 % of its calls
    Given I have Campaign defined
    Then it must have abandonThreshold
    And its value must match the "^([0-2](\.[0-9]+)?|3(\.0+)?)$" regex

  Scenario: The ceiling in whole hundredths of a percent, which an integer comparison can hold
    Given I have reconciler_campaign data configured
    Then it must have abandon_threshold_hundredths
    And its value must be less and equal than 300

  Scenario: Nothing is deleted or replaced
    Given I have reconciler_change data configured
    Then it must have action
    And its value must not match the "^(delete|replace)$" regex

  Scenario: At most 5 % of a list are taken off it for want of consent
    Given I have reconciler_membership defined
    Then it must have removed_percent
    And it must have no_consent
    And its value must be less and equal than 5

  Scenario: No setting of the dialler's pacing rises above one and a half times
    Given I have reconciler_setting data configured
    When its setting is "predictive\..*" regex
    And it has percent
    Then it must have percent
    And its value must be less and equal than 150

  Scenario: Campaigns begin to dial on afternoons alone
    Given I have reconciler_change data configured
    When its begins_dialling is true
    Then it must have dials_from
    And its value must match the ".*T(1[4-9]|2[0-1]):" regex

  Scenario: Nothing is done to collections, which are nobody's but theirs
    Given I have reconciler_change data configured
    Then it must have live_name
    And its value must not match the "^Collections\b.*" regex

  Scenario: No waiver is for more than ninety days
    Given I have reconciler_waiver data configured
    Then it must have days_left
    And its value must be less and equal than 90
