// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    products: [
        // Is loaded before a contender whose allocations are counted.
        .library(name: "AllocationCounter", type: .dynamic, targets: ["AllocationCounter"])
    ],
    dependencies: [
        .package(name: "swift-connection-pool", path: ".."),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .target(name: "AllocationCounter"),
        .systemLibrary(name: "CSQLiteBaseline"),
        .target(name: "CBaseline", dependencies: ["CSQLiteBaseline"]),
        .target(
            name: "CMySQLBaseline", dependencies: ["CBaseline"], linkerSettings: [.linkedLibrary("mariadb")]),
        .target(
            name: "CPostgresBaseline", dependencies: ["CBaseline"], linkerSettings: [.linkedLibrary("pq")]),
        .target(name: "Measuring", dependencies: ["CBaseline"]),
        // A program of its own, so that the others can be built without GRDB.
        .executableTarget(
            name: "GRDBContender", dependencies: ["Measuring", .product(name: "GRDB", package: "GRDB.swift")]),
        .executableTarget(
            name: "PoolBenchmarks",
            dependencies: [
                "CBaseline", "CMySQLBaseline", "CPostgresBaseline", "Measuring",
                .product(name: "PoolCore", package: "swift-connection-pool"),
                .product(name: "PoolMySQL", package: "swift-connection-pool"),
                .product(name: "PoolPostgres", package: "swift-connection-pool"),
                .product(name: "PoolSQL", package: "swift-connection-pool"),
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
                .product(name: "PoolTesting", package: "swift-connection-pool"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type == .regular || target.type == .executable {
    target.swiftSettings = [
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
}
