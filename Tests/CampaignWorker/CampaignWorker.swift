/// Runs one campaign and prints what it found as lines of a name and a number.
@main
struct CampaignWorker {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let name = arguments.first, let campaign = campaigns[name] else {
            throw UsageError(
                description: "usage: CampaignWorker \(campaigns.keys.sorted().joined(separator: "|")) PATH …")
        }
        try await run(campaign, Array(arguments.dropFirst()))
    }

    private typealias Campaign = @Sendable ([String]) async throws -> Void

    private static let campaigns: [String: Campaign] = [
        "commits": { try await commitForever(path: $0.string(0)) },
        "heartbeat": { try await heartbeat(path: $0.string(0), blocked: $0.number(1), beats: $0.number(2)) },
        "mixed-load": {
            try await MixedLoad(path: $0.string(0), tasks: $0.number(1), connections: $0.number(2), seed: $0.number(4))
                .run(for: .seconds($0.number(3)))
        },
        "stream": { try await streamRows(path: $0.string(0), count: $0.number(1)) },
    ]

    /// Leaves the main actor, to which each call would hop.
    @concurrent
    private static func run(_ campaign: Campaign, _ arguments: [String]) async throws {
        try await campaign(arguments)
    }
}

struct UsageError: Error, CustomStringConvertible {
    let description: String
}

extension [String] {
    func string(_ position: Int) throws -> String {
        guard indices.contains(position) else { throw UsageError(description: "argument \(position + 1) is missing") }
        return self[position]
    }

    func number(_ position: Int) throws -> Int {
        guard let number = Int(try string(position)) else {
            throw UsageError(description: "argument \(position + 1) is no number")
        }
        return number
    }
}
