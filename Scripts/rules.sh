# Rules about source text, for check-layering and lint. Sourced after common.sh.
# Each rule prints what breaks it as FILE:LINE:TEXT, and counts it in `violations`.

violations=0

# Usage: report RULE LINES
report() {
    if [ -z "$2" ]; then return; fi
    violations=$((violations + $(printf '%s\n' "$2" | wc -l)))
    printf 'broken rule: %s\n%s\n\n' "$1" "$(printf '%s\n' "$2" | sed 's/^/    /')"
}

# The Swift files of a folder under the root that is being checked, which may be missing.
# Usage: swift_files FOLDER
swift_files() {
    if [ -d "$checked_root/$1" ]; then files_of "$checked_root" "$1/*.swift"; fi
}

# Says which package is checked. Copies its Swift files without their comments, which rules about code do not look at.
# `//` right after a quote or a colon, as in a URL, is no comment.
# Usage: set_checked_root FOLDER
set_checked_root() {
    if [ ! -d "$1" ]; then usage_error "there is no folder '$1'"; fi
    checked_root=$(cd "$1" && pwd -P)
    code_root=$(mktemp -d)
    trap 'rm -rf "$code_root"' EXIT
    (
        cd "$checked_root"
        files_of "$checked_root" '*.swift' | sed 's,[^/]*$,,; s,^$,.,' | sort -u | while IFS= read -r folder; do
            mkdir -p "$code_root/$folder"
        done
        files_of "$checked_root" '*.swift' | tr '\n' '\0' | xargs -0 awk -v to="$code_root/" '
            FNR == 1 { if (out) close(out); out = to FILENAME }
            {
                if (match($0, /^[ \t]*\/\//)) $0 = ""
                else if (match($0, /[^:"]\/\//)) $0 = substr($0, 1, RSTART)
                print > out
            }'
    )
}

# The lines of files that match a pattern, as FILE:LINE:TEXT. Reads the names of the files.
# With `code`, comments do not count; with `all`, they do.
# Usage: matching code|all REGEX
matching() {
    local from=$checked_root
    if [ "$1" = code ]; then from=$code_root; fi
    # grep ends with 1 where nothing matches; the second file name makes it print the first one's.
    (cd "$from" && tr '\n' '\0' | { xargs -0 grep -nE -e "$2" -- /dev/null 2>/dev/null || true; })
}

# Usage: forbid RULE FOLDER REGEX
forbid() {
    report "$1" "$(swift_files "$2" | matching code "$3")"
}

# The files that make values of what a server or a file says, by their names. New ones are named in the same way.
decoding_files() {
    {
        swift_files Sources/PoolMySQL
        swift_files Sources/PoolPostgres
        swift_files Sources/PoolSQLite
    } | { grep -E '/([A-Za-z]*(Decoding|Reader|Coding)|NumericFormat|ResultHandle(\+Rows)?|TextRows|ServerIdentity|Temporal|Statement)\.swift$' || true; }
}

# The lines of code that match a pattern, and do not say why they may, in a comment with "because" on the line or on the one before.
# Reads the names of the files.
# Usage: unexplained REGEX
unexplained() {
    while IFS= read -r file; do
        awk -v file="$file" -v pattern="$1" '
            {
                isComment = $0 ~ /^[ \t]*\/\//
                isExplained = $0 ~ /\/\/.*because/
                if (!isComment && !isExplained && !wasExplained && $0 ~ pattern) print file ":" FNR ":" $0
                wasExplained = isComment && isExplained
            }' "$checked_root/$file"
    done
}

# The public declarations that have no doc comment. Reads the names of the files.
# What a protocol of the standard library asks for needs none: its own documentation says what it does.
undocumented() {
    # Attributes, conditions and plain comments may stand between the doc comment and the declaration.
    (cd "$checked_root" && tr '\n' '\0' | xargs -0 awk '
        BEGIN {
            property = "(var|let) (description|debugDescription|hashValue)[^A-Za-z0-9_]"
            function_ = "func (==|<|hash\\(into|encode\\(to|next\\(|makeAsyncIterator\\()"
            alias = "typealias (Element|Failure|Index|Iterator|AsyncIterator|SubSequence|RawValue|[A-Za-z]*LiteralType) ="
            witness = "(" property ")|(" function_ ")|init\\(from |(" alias ")"
        }
        FNR == 1 { isDocumented = 0 }
        /^ *\/\/\// { isDocumented = 1; next }
        /^ *(@[^ ]+ +)*(public|open) / {
            if (!isDocumented && $0 !~ /(public|open) (import|extension) / && $0 !~ witness) print FILENAME ":" FNR ":" $0
        }
        /^ *(\/\/|#(if|else|endif))/ || /^ *@/ && !/(public|open) / { next }
        { isDocumented = 0 }')
}

# The public types that an application could have too: without the prefix of their module. Reads the names of the files.
# PoolCore's may begin with one of the pool's nouns; what only driver authors see, with @_spi, is left out.
unprefixed() {
    (cd "$checked_root" && tr '\n' '\0' | xargs -0 awk '
        BEGIN {
            prefix["PoolCore"] = "Pool|Acquire|Connect|Driver|Lease"
            prefix["PoolSQL"] = "SQL"
            prefix["PoolMySQL"] = "MySQL"
            prefix["PoolPostgres"] = "Postgres"
            prefix["PoolSQLite"] = "SQLite"
        }
        {
            split(FILENAME, part, "/")
            if (!(part[2] in prefix)) next
        }
        /^@_spi/ { isHidden = 1 }
        /^(@[A-Za-z_()]+ )*public (final |indirect )*(struct|class|enum|protocol|typealias|actor) / {
            name = $0
            sub(/.*(struct|class|enum|protocol|typealias|actor) /, "", name)
            if (!isHidden && name !~ "^(" prefix[part[2]] ")") print FILENAME ":" FNR ":" $0
        }
        !/^@/ { isHidden = 0 }')
}

# An import, up to the name of the module.
import='[[:space:]]*(@[A-Za-z_]+(\([^)]*\))?[[:space:]]+)*((public|package|internal|fileprivate|private)[[:space:]]+)?import[[:space:]]+((struct|class|enum|protocol|typealias|func|let|var)[[:space:]]+)?'

# Usage: imports_of MODULE...   (or of any module)
imports_of() {
    local modules
    modules=$(IFS='|'; printf '%s' "${*:-[A-Za-z_][A-Za-z0-9_]*}")
    matching code "^$import($modules)([^A-Za-z0-9_]|\$)"
}

# Usage: only_imports RULE FOLDER [MODULE...]
only_imports() {
    local rule=$1 folder=$2 allowed
    shift 2
    allowed=$(IFS='|'; printf '%s' "$*")
    report "$rule" "$(
        swift_files "$folder" | imports_of |
            { grep -vE "^[^:]*:[0-9]+:$import(${allowed:-none at all})([^A-Za-z0-9_]|\$)" || true; }
    )"
}

# What each floor of a module may know: itself, and the floors named before it. Looks at names, because files of one module
# need no import to know each other: types, functions and constants that are declared at the top level of a file. Each folder
# of the module must be named; files outside the folders may know all.
# Usage: check_floors MODULE FLOOR...
check_floors() {
    local module=$1 folder found
    shift
    report "each folder of $module is a floor: Scripts/check-layering names $*" "$(
        swift_files "Sources/$module" | sed -nE "s,^Sources/$module/([^/]*)/.*,\\1,p" | sort -u |
            while IFS= read -r folder; do
                case " $* " in *" $folder "*) ;; *) echo "Sources/$module/$folder:0:not named" ;; esac
            done
    )"
    found=$(swift_files "Sources/$module" | { grep "^Sources/$module/[^/]*/" || true; })
    if [ -z "$found" ]; then return; fi
    # The files are read twice: first for what they declare, then for what they use.
    report "each floor of $module knows only those before it: $*" "$(
        cd "$code_root" && { printf '%s\n' "$found"; echo ----; printf '%s\n' "$found"; } | awk -v floors="$*" '
            BEGIN {
                count = split(floors, list, " ")
                for (i = 1; i <= count; i++) rank[list[i]] = i
            }
            $0 == "----" { isSecond = 1; next }
            {
                file = $0
                split(file, part, "/")
                floor = rank[part[3]]
                number = 0
                while ((getline line < file) > 0) {
                    number++
                    gsub(/"([^"\\]|\\.)*"/, "", line)
                    if (!isSecond) {
                        if (line !~ /^(@[A-Za-z_()]+ +)*(public |package |final |indirect )*(struct|class|enum|protocol|typealias|actor|func|let) /) continue
                        sub(/^(@[A-Za-z_()]+ +)*(public |package |final |indirect )*(struct|class|enum|protocol|typealias|actor|func|let) +/, "", line)
                        sub(/[^A-Za-z0-9_].*/, "", line)
                        home[line] = floor
                        continue
                    }
                    rest = line
                    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
                        name = substr(rest, RSTART, RLENGTH)
                        rest = substr(rest, RSTART + RLENGTH)
                        if (home[name] > floor) print file ":" number ":" name " is of " list[home[name]]
                    }
                }
                close(file)
            }'
    )"
}

# Ends the script with what was found.
# Usage: conclude WHAT
conclude() {
    if [ "$violations" -gt 0 ]; then fail "$violations violations of $1"; fi
}
