# Shared by the scripts of this folder, which source it. They work from any folder.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
program=Scripts/$(basename "$0")

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$program: $*"
    exit 1
}

# Prints the usage, which the script defines as a function, and ends with the exit status that sysexits.h has for it.
usage_error() {
    say "$program: $*"
    usage >&2
    exit 64
}

# For scripts without options of their own.
accept_only_help() {
    case ${1:-} in
        '') ;;
        -h | --help) usage; exit 0 ;;
        *) usage_error "unknown argument '$1'" ;;
    esac
}

# The files under a root that are tracked, or new and not ignored; all files where there is no git.
# Usage: files_of ROOT PATTERN...
files_of() {
    local folder=$1
    shift
    (
        cd "$folder"
        if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
            git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
                # A tracked file may have been deleted since.
                if [ -f "$file" ]; then printf '%s\n' "$file"; fi
            done
        else
            local pattern
            for pattern in "$@"; do
                find . -type f -path "./$pattern" -not -path '*/.build*' -not -path './.git/*' | sed 's,^\./,,'
            done | sort -u
        fi
    )
}

# Runs a command, and says how long it took.
# Usage: step TITLE COMMAND...
step() {
    local title=$1 start=$SECONDS
    shift
    current_step=$title
    say
    say "== $title"
    "$@"
    say "== $title: $((SECONDS - start)) s"
    current_step=
}

# What the output of `swift test` says of failures: each issue with its message, where the process ended, and the last lines of
# model runs. A message of many lines is cut.
# Usage: failures_of FILE
failures_of() {
    awk '
        / recorded an issue/ { print; left = 8; next }
        /Fatal error: |^error: | run failed: / { print; left = 0; next }
        /^[^ ]+ (Test|Suite) / { left = 0 }
        left > 0 { print; left-- }' "$1"
}

# Under CI nothing is skipped: what is missing there fails the run.
skip() {
    if [ -n "${CI:-}" ]; then fail "$*"; fi
    say "$program: skipped: $*"
}
