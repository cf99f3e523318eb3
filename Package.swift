// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "swift-connection-pool",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "PoolCore", targets: ["PoolCore"]),
        .library(name: "PoolFoundation", targets: ["PoolFoundation"]),
        .library(name: "PoolIO", targets: ["PoolIO"]),
        .library(name: "PoolMySQL", targets: ["PoolMySQL"]),
        .library(name: "PoolPostgres", targets: ["PoolPostgres"]),
        .library(name: "PoolSQL", targets: ["PoolSQL"]),
        .library(name: "PoolSQLite", targets: ["PoolSQLite"]),
        .library(name: "PoolTesting", targets: ["PoolTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0")
    ],
    targets: [
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CLibPQ"),
        .systemLibrary(name: "CMariaDB"),
        .systemLibrary(name: "CSQLite"),
        .target(name: "PoolCore", dependencies: [.product(name: "Logging", package: "swift-log")]),
        .target(name: "PoolFoundation", dependencies: ["PoolSQL"]),
        .target(name: "PoolIO", dependencies: [.target(name: "CEpoll", condition: .when(platforms: [.linux]))]),
        .target(name: "PoolMySQL", dependencies: ["PoolIO", "PoolSQL", "CMariaDB"]),
        .target(
            name: "PoolPostgres",
            dependencies: ["PoolIO", "PoolSQL", "CLibPQ", .product(name: "Logging", package: "swift-log")]),
        .target(name: "PoolSQL", dependencies: ["PoolCore"]),
        .target(name: "PoolSQLite", dependencies: ["PoolIO", "PoolSQL", "CSQLite"]),
        .target(name: "PoolTesting", dependencies: ["PoolSQL"]),
        .testTarget(name: "PoolCoreTests", dependencies: ["PoolCore", "PoolTesting"]),
        // Long random runs, above all of the engine beside a naive model of it: not among the quick tests.
        .testTarget(name: "PoolEngineModelTests", dependencies: ["PoolCore", "PoolTesting"]),
        .testTarget(name: "PoolFoundationTests", dependencies: ["PoolFoundation"]),
        .testTarget(name: "PoolIOTests", dependencies: ["PoolIO"]),
        // Conformances hold for a whole process: this one has none of PoolFoundation's.
        .executableTarget(name: "DecodingWorker", dependencies: ["PoolSQL"], path: "Tests/DecodingWorker"),
        .testTarget(name: "PoolSQLTests", dependencies: ["DecodingWorker", "PoolSQL", "PoolTesting"]),
        // Work that is measured or killed needs a process of its own: the campaigns start this one.
        .executableTarget(
            name: "CampaignWorker", dependencies: ["PoolSQLite"], path: "Tests/CampaignWorker"),
        .testTarget(name: "CampaignTests", dependencies: ["CampaignWorker", "PoolSQLite"]),
        // What the tests of several servers have in common.
        .target(
            name: "ServerTestSupport", dependencies: ["PoolSQL", "PoolTesting"], path: "Tests/ServerTestSupport"),
        .testTarget(
            name: "PoolMySQLTests",
            dependencies: [
                "PoolFoundation", "PoolMySQL", "PoolTesting", "ServerTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "PoolPostgresTests",
            dependencies: [
                "PoolPostgres", "PoolTesting", "ServerTestSupport", .product(name: "Logging", package: "swift-log"),
            ]),
        // The same code on all databases.
        .testTarget(
            name: "PortabilityTests",
            dependencies: ["PoolFoundation", "PoolMySQL", "PoolPostgres", "PoolSQLite", "ServerTestSupport"]),
        .testTarget(name: "PoolSQLiteTests", dependencies: ["PoolSQLite", "PoolTesting", "CSQLite"]),
    ],
    swiftLanguageModes: [.v6]
)

/// Targets that call C, or hand memory to code that does.
let targetsThatTouchC: Set<String> = [
    "PoolCore", "PoolFoundation", "PoolIO", "PoolMySQL", "PoolPostgres", "PoolSQL", "PoolSQLite", "PoolIOTests",
    "PoolMySQLTests", "PoolPostgresTests", "PoolSQLiteTests",
]

for target in package.targets where target.type != .system {
    var settings = target.swiftSettings ?? []
    settings += [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    if targetsThatTouchC.contains(target.name) {
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
        settings.append(.strictMemorySafety())
    }
    target.swiftSettings = settings
}
