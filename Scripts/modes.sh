# The settings under which code of an application is compiled, for compile-fail and check-documentation. Sourced after common.sh.

# As `swift package init` leaves them; with the features that this package turns on; and as a new application of Xcode's has them.
modes=(default nonsending main-actor)

# Compiles a file up to SIL, where the errors of ownership come from. Usage: compile_in MODE FILE [ARGUMENT...], with `modules`
# in the environment
compile_in() {
    local mode=$1 file=$2 flags=()
    shift 2
    case $mode in
        nonsending)
            flags=(
                -enable-upcoming-feature NonisolatedNonsendingByDefault -enable-upcoming-feature ExistentialAny
                -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault
            ) ;;
        main-actor) flags=(-default-isolation MainActor) ;;
    esac
    swiftc -emit-sil -o /dev/null -module-name Snippet -swift-version 6 -diagnostic-style llvm -parse-as-library \
        ${flags[@]+"${flags[@]}"} -I "$modules" -I "$root/Sources/CSQLite" -I "$root/Sources/CLibPQ" -I "$root/Sources/CMariaDB" \
        -I "$root/Sources/CEpoll" "$@" "$file" 2>&1
}

# Builds the package with the flags of Scripts/test, so that nothing is built again there, and sets `modules`.
build_modules() {
    local build=(swift build -Xswiftc -warnings-as-errors)
    cd "$root"
    if [ -z "${POOL_MODULES:-}" ]; then "${build[@]}" >&2; fi
    modules=${POOL_MODULES:-$("${build[@]}" --show-bin-path)/Modules}
    export modules
}

processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
