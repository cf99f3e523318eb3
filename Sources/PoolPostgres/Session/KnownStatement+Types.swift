internal import PoolSQL

extension KnownStatement {
    /// True if all values can be encoded as the types of the statement's parameters.
    func takes(_ request: StatementRequest) -> Bool {
        if request.bindSets.isEmpty { return takes(request.binds) }
        return request.bindSets.allSatisfy { takes($0) }
    }

    func takes(_ binds: [SQLValue]) -> Bool {
        guard let shape, shape.parameterTypes.count == binds.count else { return false }
        for index in binds.indices {
            if types.isEmpty || types[index] == TypeID.unspecified {
                if needsOwnType(binds[index], for: shape.parameterTypes[index]) { return false }
            } else if !binds[index].isNull, binds[index].decidedType != types[index] {
                return false
            }
        }
        return true
    }

    /// The types that the values decide: if the server cannot infer them, if it takes other values for text, and if
    /// it takes larger numbers for small integers. Empty if the server decides all types.
    func types(for binds: [SQLValue], undetermined: Set<Int>) -> [UInt32] {
        var types = self.types
        if types.isEmpty { types = Array(repeating: TypeID.unspecified, count: binds.count) }
        guard types.count == binds.count else { return self.types }
        for index in binds.indices where types[index] == TypeID.unspecified {
            let serverType = shape?.parameterTypes[index] ?? TypeID.unspecified
            if undetermined.contains(index) || needsOwnType(binds[index], for: serverType) {
                types[index] = binds[index].decidedType
            }
        }
        return types.allSatisfy { $0 == TypeID.unspecified } ? [] : types
    }

    /// True if the server would not accept the value as the type that it has inferred, but as the value's own type.
    private func needsOwnType(_ value: SQLValue, for type: UInt32) -> Bool {
        switch type {
        case TypeID.text: value.ownType != nil
        case TypeID.int2: !value.isWhole(Int16.self) && mayWiden(value)
        case TypeID.int4: !value.isWhole(Int32.self) && mayWiden(value)
        case TypeID.int8: !value.isWhole(Int64.self) && mayWiden(value)
        default: false
        }
    }

    /// A column that cannot hold a larger integer refuses it. A column of integers would round a fraction, so the
    /// server is left to refuse it if anything may be stored.
    private func mayWiden(_ value: SQLValue) -> Bool {
        if case .int = value { return true }
        return traits.contains(.onlyReads)
    }
}

extension SQLValue {
    var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The type of a parameter that only the value decides.
    var decidedType: UInt32 {
        if case .json = self { return TypeID.jsonb }
        return ownType ?? TypeID.text
    }

    /// False for numbers that are not whole, or not in the range of `type`. True for other values.
    fileprivate func isWhole<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Bool {
        switch self {
        case .int(let value): Integer(exactly: value) != nil
        case .double(let value): Integer(exactly: value) != nil
        case .decimal(let value): Integer(value.description) != nil
        default: true
        }
    }
}
