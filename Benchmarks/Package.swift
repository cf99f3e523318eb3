// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-connection-pool", path: "..")],
    targets: [
        .systemLibrary(name: "CSQLiteBaseline"),
        .target(name: "CBaseline", dependencies: ["CSQLiteBaseline"]),
        .target(
            name: "CMySQLBaseline", dependencies: ["CBaseline"], linkerSettings: [.linkedLibrary("mariadb")]),
        .target(
            name: "CPostgresBaseline", dependencies: ["CBaseline"], linkerSettings: [.linkedLibrary("pq")]),
        .executableTarget(
            name: "PoolBenchmarks",
            dependencies: [
                "CBaseline", "CMySQLBaseline", "CPostgresBaseline",
                .product(name: "PoolCore", package: "swift-connection-pool"),
                .product(name: "PoolMySQL", package: "swift-connection-pool"),
                .product(name: "PoolPostgres", package: "swift-connection-pool"),
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
                .product(name: "PoolTesting", package: "swift-connection-pool"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
