// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "swift-connection-pool-examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-connection-pool", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.3.0"),
    ],
    targets: [
        // The example that Scripts/quickstart runs, for any database.
        .target(
            name: "Quickstart",
            dependencies: [
                .product(name: "PoolSQL", package: "swift-connection-pool"),
                .product(name: "PoolTesting", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // The programs of that example: each links one driver, and needs no other C library.
        .executableTarget(
            name: "QuickstartSQLite",
            dependencies: [
                "Quickstart",
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "QuickstartPostgres",
            dependencies: [
                "Quickstart",
                .product(name: "PoolPostgres", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "QuickstartMySQL",
            dependencies: [
                "Quickstart",
                .product(name: "PoolMySQL", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // One program for three databases.
        .executableTarget(
            name: "SameCode",
            dependencies: [
                .product(name: "PoolMySQL", package: "swift-connection-pool"),
                .product(name: "PoolPostgres", package: "swift-connection-pool"),
                .product(name: "PoolSQL", package: "swift-connection-pool"),
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // Three pools of three drivers under one registry and one budget.
        .executableTarget(
            name: "SharedBudget",
            dependencies: [
                .product(name: "PoolCore", package: "swift-connection-pool"),
                .product(name: "PoolMySQL", package: "swift-connection-pool"),
                .product(name: "PoolPostgres", package: "swift-connection-pool"),
                .product(name: "PoolSQLite", package: "swift-connection-pool"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // The smallest driver, to copy.
        .executableTarget(
            name: "MinimalDriver", dependencies: [.product(name: "PoolCore", package: "swift-connection-pool")]),
        // The code in the README, word for word: Scripts/lint compares them.
        .executableTarget(
            name: "ReadmeQuickstart",
            dependencies: [
                .product(name: "PoolSQLite", package: "swift-connection-pool")
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Scripts/test sets the variable; who just runs the examples is not stopped by a newer compiler's warnings.
let warnings: [SwiftSetting] =
    Context.environment["POOL_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

// Without a feature that is off by default: the examples are what somebody copies into a new package.
for target in package.targets { target.swiftSettings = warnings }
