import PoolSQL

// Later versions may add cases, so that a switch must say what to do with those that it does not know.
func misuse(_ event: PoolEvent, _ value: SQLValue) -> Bool {
    switch value {  // expect-error: may have additional unknown values
    case .null: return true
    case .bool, .int, .double, .decimal, .text, .bytes, .date, .time, .timestamp, .zonedTimestamp, .uuid, .json, .array,
        .invalid:
        break
    }
    switch event {
    case .closed: return true
    default: return false
    }
}
