// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-connection-pool", path: "..")],
    targets: [
        .systemLibrary(name: "CSQLiteBaseline"),
        .target(name: "CBaseline", dependencies: ["CSQLiteBaseline"]),
        .executableTarget(
            name: "PoolBenchmarks",
            dependencies: [
                "CBaseline",
                .product(name: "PoolCore", package: "swift-connection-pool"),
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
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
