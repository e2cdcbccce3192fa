#!/bin/sh
# What a pipeline runs for a workspace of manifests, on whatever code host: the GitHub action and the GitLab template
# call it, and any other pipeline can. POSIX sh; nothing but `reconciler` is needed.
#
#   reconciler.sh install        install the program, where it is not there
#   reconciler.sh validate       check the manifests: no network, no secrets; for pull requests of forks
#   reconciler.sh propose        validate, plan, and write every view of the plan into $RECONCILER_OUT
#   reconciler.sh comment [URL]  show it in the pull request's one comment; URL: where plan.html is to be seen
#   reconciler.sh conclude       end as the plan says: 0, or 3 where apply would refuse it, or why there is none
#   reconciler.sh apply          apply the approved plan of the commit that was merged
#   reconciler.sh drift          plan, and say what has drifted in one issue, or close it
#
# Settings are variables; what is not set is left out:
#
#   RECONCILER_WORKSPACE    the folder of the manifests [manifests]
#   RECONCILER_ENVIRONMENT, RECONCILER_TENANT, RECONCILER_VARS (a file)   as the options of those names
#   RECONCILER_NAME         tells several workspaces or environments of one repository apart [reconciler-plan]
#   RECONCILER_OUT          where files are written, emptied first [the name]
#   RECONCILER_OPERATOR     the text of the operator's file; or RECONCILER_FLOOR, where it lies (docs/bounds.md)
#   RECONCILER_VERSION      the version that `install` takes
#   RECONCILER_PREVIEW      `true`: propose tries the plan on an embedded tenant, too (docs/preview.md), and writes
#                           preview.md; the job ends with 5 where the plan does not do what it says
#   RECONCILER_PLAN, RECONCILER_DIGEST   for apply on no code host: the saved plan, and the digest that was reviewed;
#                           and RECONCILER_REVIEWS, a file with the reviews of the change (docs/approvals.md)
#
# Nothing here is put together from foreign text and run: values are passed as arguments, in quotes.
set -eu

# a secret that nobody has set is an empty variable, and means nothing
for each in CXONE_CLIENT_ID CXONE_CLIENT_SECRET RECONCILER_KEY RECONCILER_TOKEN_KEY RECONCILER_COMMIT \
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
  eval "[ -n \"\${$each:-}\" ] || unset $each"
done

RECONCILER_WORKSPACE=${RECONCILER_WORKSPACE:-manifests}
export RECONCILER_WORKSPACE
name=${RECONCILER_NAME:-reconciler-plan}
out=${RECONCILER_OUT:-$name}
saved=$out/change.plan

# of GitLab's merged results, CI_COMMIT_SHA is a commit that no branch has
if [ -z "${RECONCILER_COMMIT:-}" ] && [ -n "${CI_COMMIT_SHA:-}" ]; then
  RECONCILER_COMMIT=${CI_MERGE_REQUEST_SOURCE_BRANCH_SHA:-$CI_COMMIT_SHA}
  export RECONCILER_COMMIT
fi

# on_workspace COMMAND [ARGUMENT…]: the program, on the workspace that is meant
on_workspace() {
  command=$1
  shift
  [ -z "${RECONCILER_ENVIRONMENT:-}" ] || set -- --environment "$RECONCILER_ENVIRONMENT" "$@"
  [ -z "${RECONCILER_TENANT:-}" ] || set -- --tenant "$RECONCILER_TENANT" "$@"
  [ -z "${RECONCILER_VARS:-}" ] || set -- --vars "$RECONCILER_VARS" "$@"
  reconciler "$command" "$@"
}

# run_into FILE COMMAND…: its output into a file, its errors into problems.txt; sets $code
run_into() {
  file=$1
  shift
  code=0
  "$@" > "$out/$file" 2> "$out/problems.txt" || code=$?
}

# the operator's file stands outside of the repository: whoever changes manifests could change it there
name_bounds() {
  if [ -n "${RECONCILER_OPERATOR:-}" ]; then
    bounds=$(mktemp)
    trap 'rm -f "$bounds"' EXIT
    printf '%s\n' "$RECONCILER_OPERATOR" > "$bounds"
    RECONCILER_FLOOR=$bounds${RECONCILER_FLOOR:+:$RECONCILER_FLOOR}
    export RECONCILER_FLOOR
  fi
}

# lack WORDS: end as the program does where a setting is missing
lack() {
  echo "$1 is not set" >&2
  exit 64
}

begin() {
  name_bounds
  mkdir -p "$out"
  chmod 700 "$out"
  rm -f "$out"/*
}

# tell NAME VALUE: an output of a step, on GitHub
tell() {
  [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
}

# GitHub shows a summary of at most a mebibyte; the comment's text is never so long
summarise() {
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$1" >> "$GITHUB_STEP_SUMMARY"
}

# show FILE FORMAT INTO: a saved plan in another view
show() {
  prefix=
  case $2 in sarif | junit) prefix=$RECONCILER_WORKSPACE ;; esac
  reconciler show "$1" --format "$2" ${prefix:+--path-prefix "$prefix"} > "$3" 2> /dev/null
}

install() {
  if command -v reconciler > /dev/null; then
    reconciler --version
  else
    [ -n "${RECONCILER_VERSION:-}" ] || lack "RECONCILER_VERSION"
    python3 -m pip install --quiet "cxone-reconciler==$RECONCILER_VERSION"
  fi
}

validate() {
  name_bounds
  if [ -n "${RECONCILER_FLOOR:-}" ]; then
    on_workspace validate
  else
    echo "The operator's file is not here: what the manifests name of the world outside is not checked." >&2
    on_workspace validate --without-bounds
  fi
}

# the plan of the commit that was approved last, where a newer one has come since
find_reviewed() {
  reviewed=
  asks=
  [ -z "${GITHUB_TOKEN:-}" ] || [ "${GITHUB_EVENT_NAME:-}" != pull_request ] || asks=github
  [ -z "${GITLAB_TOKEN:-}" ] || [ -z "${CI_MERGE_REQUEST_IID:-}" ] || asks=gitlab
  if [ -n "$asks" ]; then
    reconciler ci reviewed-plan --name "$name" --out "$out/reviewed.plan" >&2 || rm -f "$out/reviewed.plan"
    [ ! -f "$out/reviewed.plan" ] || reviewed=$out/reviewed.plan
  fi
}

# tell_problems COMMAND…: what is wrong with the input, as the code host shows it beside the lines of manifests
tell_problems() {
  "$@" --format sarif --path-prefix "$RECONCILER_WORKSPACE" > "$out/plan.sarif" 2> /dev/null || true
  "$@" --format junit --path-prefix "$RECONCILER_WORKSPACE" > "$out/plan.xml" 2> /dev/null || true
}

make_plan() {
  run_into plan.txt on_workspace plan --out "$saved" --full --detailed-exitcode ${reviewed:+--against "$reviewed"}
}

# try_plan: apply it to an embedded tenant, and plan again there; the live one is only read
try_plan() {
  tried=0
  on_workspace preview --format markdown > "$out/preview.md" 2> "$out/preview.txt" || tried=$?
  cat "$out/preview.txt" >&2
  summarise "$out/preview.md"
  case $code in
    0 | 2) [ "$tried" = 0 ] || code=5 ;; # a plan that would be refused fails by itself
  esac
}

propose() {
  begin
  tell artifact "$name-${RECONCILER_COMMIT:-unknown}"
  run_into validation.txt on_workspace validate
  if [ "$code" = 64 ]; then
    tell_problems on_workspace validate
  elif [ "$code" = 0 ]; then
    find_reviewed
    make_plan
    case $code in
      0 | 2 | 3) ;;
      *) [ -z "$reviewed" ] || { reviewed= && make_plan; } ;; # it may be what the plan is held against that is at fault
    esac
    rm -f "$out/reviewed.plan"
    [ "$code" != 64 ] || tell_problems on_workspace plan
    cat "$out/plan.txt"
  fi
  if [ -f "$saved" ]; then
    show "$saved" markdown "$out/plan.md"
    show "$saved" html "$out/plan.html"
    show "$saved" sarif "$out/plan.sarif"
    show "$saved" junit "$out/plan.xml"
    show "$saved" json "$out/plan.json"
    summarise "$out/plan.md"
    [ "${RECONCILER_PREVIEW:-}" != true ] || try_plan
    tell planned true
  else
    cat "$out/problems.txt" >&2
    tell planned false
  fi
  [ ! -s "$out/plan.sarif" ] || tell sarif true
  [ "$code" != 2 ] || code=0 # there are changes: that is what it is for
  printf '%s\n' "$code" > "$out/exit-code"
}

comment() {
  if [ -f "$saved" ]; then
    reconciler ci comment "$saved" --name "$name" ${1:+--html "$1"}
  else
    reconciler ci comment --problems "$out/problems.txt" --name "$name"
  fi
}

conclude() {
  exit "$(cat "$out/exit-code")"
}

apply() {
  begin
  reviews=${RECONCILER_REVIEWS:-}
  if [ -n "${RECONCILER_PLAN:-}" ]; then
    saved=$RECONCILER_PLAN
    [ -n "${RECONCILER_DIGEST:-}" ] || lack "RECONCILER_DIGEST, the digest that was reviewed,"
  else
    reviews=$out/reviews.json
    approved=$(reconciler ci approved-plan --name "$name" --out "$saved" --reviews "$reviews")
    eval "$approved" # lines of `export NAME='VALUE'`, quoted by the program
  fi
  code=0
  on_workspace apply "$saved" --digest "$RECONCILER_DIGEST" --events "$out/events.ndjson" \
    ${reviews:+--reviews "$reviews"} || code=$?
  case $code in
    0) ;;
    3) echo "Refused: nothing was written. What has to change is said above; then open a pull request." >&2 ;;
    4)
      echo "Stale: tenant, manifests or program are no longer those of the approved plan; nothing was written." >&2
      echo "Have it planned and approved again, with a pull request: git commit --allow-empty is enough." >&2
      ;;
    5) echo "Partly applied: \`reconciler audit log\` names the run, \`reconciler pending\` whom the tenant rejected." >&2 ;;
    130) echo "Interrupted. Go on with it, beside the same ledger: reconciler apply --resume" >&2 ;;
  esac
  exit "$code"
}

drift() {
  begin
  run_into drift.txt on_workspace drift --out "$out/drift.plan" --full
  cat "$out/drift.txt"
  if [ ! -f "$out/drift.plan" ]; then
    cat "$out/problems.txt" >&2
    exit "$code"
  fi
  show "$out/drift.plan" html "$out/drift.html"
  show "$out/drift.plan" markdown "$out/drift.md"
  summarise "$out/drift.md"
  if [ -n "${GITHUB_ACTIONS:-}${GITLAB_CI:-}" ]; then
    reconciler ci drift-issue "$out/drift.plan" --name "$name" # the issue tells it: the job has done its work
  else
    exit "$code"
  fi
}

case ${1:-} in
  install | validate | propose | conclude | apply | drift) "$1" ;;
  comment) comment "${2:-}" ;;
  *)
    sed -n '2,12p' "$0" >&2
    exit 64
    ;;
esac
