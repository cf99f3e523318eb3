import PoolTesting
import Testing

@testable import PoolSQL

@Suite("Dates and times")
struct SQLCalendarTests {
    @Test(
        "known days have their known number",
        arguments: [
            (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (2024, 2, 29, 19_782),
            (1, 1, 1, -719_162), (0, 3, 1, -719_468), (0, 1, 1, -719_528), (1900, 3, 1, -25_508),
            (9999, 12, 31, 2_932_896), (1858, 11, 17, -40_587),
            // Day 0 of the Julian day count, 4714-11-24 BC.
            (-4713, 11, 24, -2_440_588),
        ])
    func knownDays(year: Int, month: Int, day: Int, number: Int) throws {
        let date = try #require(SQLDate(year: year, month: month, day: day))
        #expect(date.daysSince1970 == number)
        #expect(SQLDate(daysSince1970: number) == date)
    }

    @Test("days follow each other through two cycles of the calendar")
    func consecutiveDays() {
        var number = GregorianCalendar.daysSince1970(year: -401, month: 1, day: 1)
        var mistakes = 0
        for year in -401...401 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (month, length) in zip(1..., lengths) {
                for day in 1...length {
                    if GregorianCalendar.date(daysSince1970: number) != (year, month, day) { mistakes += 1 }
                    if GregorianCalendar.daysSince1970(year: year, month: month, day: day) != number { mistakes += 1 }
                    number += 1
                }
            }
        }
        #expect(mistakes == 0)
    }

    @Test("the ends of the range are there, and nothing beyond them")
    func endsOfRange() throws {
        for text in ["-9999999-01-01", "+9999999-12-31"] {
            let date = try #require(SQLDate(text))
            #expect(date.description == text)
            #expect(SQLDate(daysSince1970: date.daysSince1970) == date)
        }
        #expect(SQLDate(daysSince1970: GregorianCalendar.dayRange.upperBound + 1) == nil)
        #expect(SQLDate(daysSince1970: GregorianCalendar.dayRange.lowerBound - 1) == nil)
        #expect(SQLDate(daysSince1970: .max) == nil)
        #expect(SQLDate(daysSince1970: .min) == nil)
        #expect(SQLDate(year: 10_000_000, month: 1, day: 1) == nil)
        #expect(SQLDate(year: .min, month: .min, day: .min) == nil)
    }

    @Test(
        "dates that do not exist are refused",
        arguments: [
            "2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-00-10", "2024-13-01", "2024-01-00",
            "2024-01-32",
            "2024-1-01", "24-01-01", "2024-01-01 ", " 2024-01-01", "2024/01/01", "20240101", "-0000-01-01", "",
            "2024-01",
            "12345678-01-01", "2024-01-01T00:00", "２０２４-01-01",
        ])
    func refusedDates(text: String) {
        #expect(SQLDate(text) == nil)
    }

    @Test("dates round trip through their text, and keep their order", arguments: [11, 12] as [UInt64])
    func randomDates(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let (a, b) = (
                Int.random(in: GregorianCalendar.dayRange, using: &random),
                Int.random(in: -1_000_000...3_000_000, using: &random)
            )
            let (left, right) = try (#require(SQLDate(daysSince1970: a)), #require(SQLDate(daysSince1970: b)))
            #expect(left.daysSince1970 == a)
            #expect(SQLDate(left.description) == left, "\(left), seed \(seed)")
            #expect(SQLDate(right.description) == right, "\(right), seed \(seed)")
            #expect((left < right) == (a < b))
        }
        #expect(SQLDate(year: -43, month: 3, day: 15)?.description == "-0043-03-15")
        #expect(SQLDate(year: 12_024, month: 1, day: 31)?.description == "+12024-01-31")
        #expect(SQLDate("12024-01-31") == SQLDate("+12024-01-31"))
    }

    @Test(
        "times are read and written in canonical form",
        arguments: [
            ("00:00", "00:00:00"), ("12:30", "12:30:00"), ("12:30:59", "12:30:59"), ("12:30:59.5", "12:30:59.5"),
            ("12:30:59.120000", "12:30:59.12"), ("12:30:59.000001", "12:30:59.000001"), ("24:00:00", "24:00:00"),
            ("12:30:59.123456000", "12:30:59.123456"), ("23:59:59.999999", "23:59:59.999999"),
            ("01:02:03.0", "01:02:03"),
        ])
    func times(text: String, canonical: String) {
        #expect(SQLTime(text)?.description == canonical)
        #expect(SQLTime(canonical)?.description == canonical)
    }

    @Test(
        "times that do not exist are refused",
        arguments: [
            "24:00:01", "24:00:00.000001", "25:00", "12:60", "12:30:60", "1:30", "12:3", "12:30:5", "12:30:59.",
            "12:30:59.1234567", "12:30:59,5", "", "12", "12:30:59Z", "-1:00",
        ])
    func refusedTimes(text: String) {
        #expect(SQLTime(text) == nil)
    }

    @Test("times have their parts")
    func partsOfTimes() throws {
        let time = try #require(SQLTime("23:59:58.000007"))
        #expect((time.hour, time.minute, time.second, time.microsecond) == (23, 59, 58, 7))
        #expect(SQLTime(microsecondsSinceMidnight: -1) == nil)
        #expect(SQLTime(microsecondsSinceMidnight: 86_400_000_001) == nil)
        #expect(SQLTime(microsecondsSinceMidnight: 86_400_000_000)?.hour == 24)
        #expect(SQLTime(hour: .max, minute: 0) == nil)
    }

    @Test("24:00 is the midnight of the next day")
    func endOfDay() throws {
        #expect(SQLTimestamp("2023-12-31T24:00:00") == SQLTimestamp("2024-01-01 00:00"))
        #expect(SQLTimestamp("2023-12-31T24:00:00")?.description == "2024-01-01T00:00:00")
        #expect(SQLTimestamp("+9999999-12-31T24:00:00") == nil)
    }

    @Test(
        "timestamps are refused where their form is another",
        arguments: [
            "2024-01-31", "2024-01-31T", "2024-01-31T12", "2024-01-31T12:30:00Z", "2024-01-31  12:30",
            "2024-01-31_12:30",
            "12:30", "2024-01-31T12:30:00+01",
        ])
    func refusedTimestamps(text: String) {
        #expect(SQLTimestamp(text) == nil)
    }

    @Test(
        "moments are read with any offset and written in UTC",
        arguments: [
            ("2024-01-31T12:30:59Z", "2024-01-31T12:30:59.000000Z"),
            ("2024-01-31 12:30:59.5+00", "2024-01-31T12:30:59.500000Z"),
            ("2024-01-31T00:30:00+01:00", "2024-01-30T23:30:00.000000Z"),
            ("2024-02-28T23:00:00-0130", "2024-02-29T00:30:00.000000Z"),
            ("1880-01-01T00:00:00+00:53:28", "1879-12-31T23:06:32.000000Z"),
            ("1969-12-31T23:59:59.999999z", "1969-12-31T23:59:59.999999Z"),
            ("2024-01-31t12:30Z", "2024-01-31T12:30:00.000000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
        ])
    func moments(text: String, canonical: String) {
        #expect(SQLZonedTimestamp(text)?.description == canonical)
        #expect(SQLZonedTimestamp(canonical)?.description == canonical)
    }

    @Test(
        "moments are refused without an offset, and with a bad one",
        arguments: [
            "2024-01-31T12:30:59", "2024-01-31", "2024-01-31T12:30:59+", "2024-01-31T12:30:59+1",
            "2024-01-31T12:30:59+24",
            "2024-01-31T12:30:59+01:60", "2024-01-31T12:30:59ZZ", "2024-01-31T12:30:59 UTC",
            "2024-01-31T12:30:59+01:00:00:00",
            "+300000-01-01T00:00:00Z", "-300000-01-01T00:00:00Z",
        ])
    func refusedMoments(text: String) {
        #expect(SQLZonedTimestamp(text) == nil)
    }

    @Test("all 64 bits of microseconds round trip", arguments: [21, 22] as [UInt64])
    func randomMoments(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let random64 = (0..<2000).map { _ in Int64(bitPattern: random.next()) }
        for microseconds in [0, -1, 1, .min, .max, .min + 1, .max - 1] + random64 {
            let moment = SQLZonedTimestamp(microsecondsSince1970: microseconds)
            #expect(SQLZonedTimestamp(moment.description) == moment, "\(microseconds), seed \(seed)")
            let wall = SQLTimestamp(inUTC: moment)
            #expect(SQLZonedTimestamp(wall) == moment, "\(microseconds), seed \(seed)")
            #expect(SQLTimestamp(wall.description) == wall, "\(microseconds), seed \(seed)")
        }
    }

    @Test("the order of texts is the order of moments in the years of four digits")
    func textOrder() {
        var random = SeededRandom(seed: 31)
        let range: ClosedRange<Int64> = -62_167_219_200_000_000...253_402_300_799_999_999
        for _ in 0..<2000 {
            let left = SQLZonedTimestamp(microsecondsSince1970: .random(in: range, using: &random))
            let step = Int64.random(in: -2_000_000...2_000_000, using: &random)
            let right = SQLZonedTimestamp(
                microsecondsSince1970: min(max(left.microsecondsSince1970 + step, range.lowerBound), range.upperBound))
            #expect((left < right) == (left.description < right.description), "\(left) \(right)")
            let (leftWall, rightWall) = (SQLTimestamp(inUTC: left), SQLTimestamp(inUTC: right))
            #expect((leftWall < rightWall) == (leftWall.description < rightWall.description), "\(left) \(right)")
        }
    }

    @Test("an offset moves a timestamp to its moment")
    func offsets() throws {
        let wall = try #require(SQLTimestamp("2024-07-01T02:00:00"))
        #expect(SQLZonedTimestamp(wall, offset: .seconds(7200))?.description == "2024-07-01T00:00:00.000000Z")
        #expect(SQLZonedTimestamp(wall, offset: .milliseconds(-1500))?.description == "2024-07-01T02:00:01.500000Z")
        #expect(SQLZonedTimestamp(wall, offset: .seconds(Int64.max)) == nil)
    }
}
