/// The hooks of the application that the engine must know of.
struct HookPresence {
    var acquire = false
    var session = false
    var release = false
    var close = false
}
