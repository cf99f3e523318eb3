/// The arithmetic of days, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
/// https://howardhinnant.github.io/date_algorithms.html
///
/// Years are counted from 1 March, so that a leap day is the last of its year, and split into eras of 400 years, after
/// which the calendar repeats.
enum GregorianCalendar {
    private static let daysInEra = 146_097
    /// The days from 0000-03-01 to 1970-01-01.
    private static let daysBefore1970 = 719_468

    /// The days of ``SQLDate/years``.
    static let dayRange: ClosedRange<Int> = {
        let first = daysSince1970(year: SQLDate.years.lowerBound, month: 1, day: 1)
        let last = daysSince1970(year: SQLDate.years.upperBound, month: 12, day: 31)
        return first...last
    }()

    static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysInEra + dayOfEra - daysBefore1970
    }

    static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (daysSince1970 + daysBefore1970).flooredDivision(by: daysInEra)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (era * 400 + yearOfEra + (month > 2 ? 0 : 1), month, day)
    }
}

extension BinaryInteger {
    /// The quotient rounded down, and a remainder that is never negative. `divisor` is positive.
    func flooredDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
