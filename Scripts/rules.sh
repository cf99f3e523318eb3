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
            prefix["PoolFoundation"] = "SQL"
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

# The places where a floor names what a later floor declares. Looks at names, because files of one module need no import to
# know each other: types, functions and constants that are declared at the top level of a file. A floor is a folder of the
# module, or several with commas between them; `.` is the module's own folder. Reads the names of the files, and passes over
# those of other folders.
# Usage: names_from_above FLOOR...
names_from_above() {
    local found
    found=$(cat)
    if [ -z "$found" ]; then return; fi
    # The files are read twice: first for what they declare, then for what they use.
    cd "$code_root" && { printf '%s\n' "$found"; echo ----; printf '%s\n' "$found"; } | awk -v floors="$*" '
        BEGIN {
            count = split(floors, list, " ")
            for (i = 1; i <= count; i++) {
                folders = split(list[i], folder, ",")
                for (j = 1; j <= folders; j++) rank[folder[j]] = i
            }
            declaration = "^(@[A-Za-z_()]+ +)*(public |package |final |indirect )*(struct|class|enum|protocol|typealias|actor|func|let) +"
        }
        $0 == "----" { isSecond = 1; next }
        {
            file = $0
            place = split(file, part, "/") > 3 ? part[3] : "."
            floor = rank[place]
            if (!floor) next
            number = 0
            while ((getline line < file) > 0) {
                number++
                gsub(/"([^"\\]|\\.)*"/, "", line)
                if (!isSecond) {
                    if (line !~ declaration) continue
                    sub(declaration, "", line)
                    sub(/[^A-Za-z0-9_].*/, "", line)
                    home[line] = floor
                    from[line] = place == "." ? part[2] : place
                    continue
                }
                rest = line
                while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
                    name = substr(rest, RSTART, RLENGTH)
                    rest = substr(rest, RSTART + RLENGTH)
                    if (home[name] > floor) print file ":" number ":" name " is of " from[name]
                }
            }
            close(file)
        }'
}

# What each floor of a module may know: itself, and the floors named before it. Each folder of the module must be named; files
# outside the folders may know all.
# Usage: check_floors MODULE FLOOR...
check_floors() {
    local module=$1 folder
    shift
    report "each folder of $module is a floor: Scripts/check-layering names $*" "$(
        swift_files "Sources/$module" | sed -nE "s,^Sources/$module/([^/]*)/.*,\\1,p" | sort -u |
            while IFS= read -r folder; do
                case " $* " in *" $folder "*) ;; *) echo "Sources/$module/$folder:0:not named" ;; esac
            done
    )"
    report "each floor of $module knows only those before it: $*" "$(
        swift_files "Sources/$module" | names_from_above "$@"
    )"
}

# Compares the files of the drivers: what two of them have, all have, in the same folder. Their names count without the driver's
# name. Reads the exceptions, one a line, with a reason: DRIVER FILE: REASON
# Usage: check_same_files DRIVER...
check_same_files() {
    local driver exceptions
    exceptions=$(cat)
    report "what two drivers have, all have in the same folder, but for the exceptions that Scripts/check-layering names" "$(
        for driver; do swift_files "Sources/Pool$driver"; done | awk -v drivers="$*" -v exceptions="$exceptions" '
            BEGIN {
                driverCount = split(drivers, driver, " ")
                exceptionCount = split(exceptions, exception, "\n")
                for (i = 1; i <= exceptionCount; i++) {
                    sub(/:.*/, "", exception[i])
                    isExcepted[exception[i]] = 1
                }
            }
            {
                split($0, part, "/")
                owner = substr(part[2], length("Pool") + 1)
                name = $0
                sub(/.*\//, "", name)
                folder = substr($0, length("Sources/Pool" owner "/") + 1)
                folder = substr(folder, 1, length(folder) - length(name))
                sub("^" owner, "", name)
                has[owner " " folder name] = 1
                owners[name]++
                # The folder of most drivers, or else that of the first.
                if (++inFolder[folder name] > inFolder[home[name] name] || owners[name] == 1) home[name] = folder
            }
            END {
                for (name in owners) if (owners[name] > 1) for (i = 1; i <= driverCount; i++) {
                    key = driver[i] " " home[name] name
                    if (!has[key] && !isExcepted[key]) print "Sources/Pool" driver[i] ":0:no " home[name] name
                }
                for (key in isExcepted) if (has[key]) print "Scripts/check-layering:0:needless: " key
            }' | sort
    )"
}

# Ends the script with what was found.
# Usage: conclude WHAT
conclude() {
    if [ "$violations" -gt 0 ]; then fail "$violations violations of $1"; fi
}
