import Foundation

/// The IANA time-zone tables of this machine: countries, zones, and every change of each zone's clocks.
struct TimeZoneData: Sendable {
    struct Country: Sendable {
        let code: String
        let name: String
    }

    struct Zone: Sendable {
        let name: String
        /// The ISO 3166 codes of the countries that keep this time.
        let countryCodes: [String]
        /// Degrees, positive to the north.
        let latitude: Double
        /// Degrees, positive to the east.
        let longitude: Double
        let comment: String?
        let transitions: [TimeZoneTransition]
    }

    let countries: [Country]
    let zones: [Zone]

    var transitionCount: Int {
        zones.reduce(0) { $0 + $1.transitions.count }
    }

    /// Where systems keep the tables.
    static let standardFolders = ["/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"]

    /// Reads `iso3166.tab`, `zone1970.tab` (or the older `zone.tab`) and the binary file of each zone.
    init(folder: URL) throws {
        countries = try Self.table("iso3166.tab", in: folder, columns: 2).map { Country(code: $0[0], name: $0[1]) }
        let modern = FileManager.default.fileExists(atPath: folder.appendingPathComponent("zone1970.tab").path)
        let zoneTable = modern ? "zone1970.tab" : "zone.tab"
        zones = try Self.table(zoneTable, in: folder, columns: 3).map { try Self.zone($0, in: folder) }
        if zones.isEmpty { throw TimeZoneDataError.malformed(file: zoneTable, reason: "it has no zones") }
    }

    private static func zone(_ fields: [String], in folder: URL) throws -> Zone {
        let file = folder.appendingPathComponent(fields[2])
        let (latitude, longitude) = try coordinates(fields[1])
        return Zone(
            name: fields[2],
            countryCodes: fields[0].split(separator: ",").map(String.init),
            latitude: latitude,
            longitude: longitude,
            comment: fields.count > 3 ? fields[3] : nil,
            transitions: try TimeZoneFile.transitions(in: read(file), of: file.path)
        )
    }

    /// The lines of a table that are not comments, as fields separated by tabs.
    private static func table(_ name: String, in folder: URL, columns: Int) throws -> [[String]] {
        let file = folder.appendingPathComponent(name)
        let text = String(decoding: try read(file), as: UTF8.self)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= columns else {
                throw TimeZoneDataError.malformed(file: file.path, reason: "the line '\(line)' has too few columns")
            }
            return fields
        }
    }

    private static func read(_ file: URL) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: file))
        } catch {
            throw TimeZoneDataError.unreadable(file: file.path)
        }
    }

    /// Reads `±DDMM±DDDMM` or `±DDMMSS±DDDMMSS`, as ISO 6709 has it.
    private static func coordinates(_ text: String) throws -> (latitude: Double, longitude: Double) {
        let second = text.dropFirst().firstIndex { $0 == "+" || $0 == "-" }
        guard let second,
            let latitude = degrees(text[..<second], digitsOfDegrees: 2),
            let longitude = degrees(text[second...], digitsOfDegrees: 3)
        else {
            throw TimeZoneDataError.malformed(file: "zone table", reason: "'\(text)' is not a position")
        }
        return (latitude, longitude)
    }

    private static func degrees(_ text: Substring, digitsOfDegrees: Int) -> Double? {
        let digits = text.dropFirst()
        let minutesAndSeconds = digits.dropFirst(digitsOfDegrees)
        guard let whole = Double(digits.prefix(digitsOfDegrees)), let minutes = Double(minutesAndSeconds.prefix(2))
        else { return nil }
        let seconds = Double(minutesAndSeconds.dropFirst(2)) ?? 0
        let magnitude = whole + minutes / 60 + seconds / 3600
        return text.first == "-" ? -magnitude : magnitude
    }
}

/// Why the tables could not be read.
enum TimeZoneDataError: Error, CustomStringConvertible {
    case unreadable(file: String)
    case malformed(file: String, reason: String)

    var description: String {
        switch self {
        case .unreadable(let file):
            """
            cannot read the time-zone table \(file). Install the tables (Debian and Ubuntu: apt-get install tzdata), \
            or name the folder that holds them with --zoneinfo.
            """
        case .malformed(let file, let reason):
            "the time-zone table \(file) is damaged: \(reason)."
        }
    }
}
