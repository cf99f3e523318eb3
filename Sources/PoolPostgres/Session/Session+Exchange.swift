internal import PoolSQL

extension Session {
    /// Continues the exchange as far as possible without waiting.
    ///
    /// - Parameter hasInput: True if there may be input to read.
    mutating func step(hasInput: Bool) -> ExchangeStep {
        guard let link, let exchange else { return .finished }
        var isLost = false
        if hasInput {
            isLost = !(exchange.unusedRead.take() ?? read(exchange, link))
            exchange.hasRead = true
        }
        if exchange.needsFlush {
            switch link.flush() {
            case .done: exchange.needsFlush = false
            case .blocked: break
            case .failed: isLost = true
            }
        }
        while true {
            if isLost, link.isConnected {
                // libpq would wait for more input.
                let loss = loss(of: link)
                breakOff(loss)
                noteError(loss)
                return .finished
            }
            if exchange.isOverfull {
                // Nothing else makes libpq free what it has collected.
                isBroken = true
                return .finished
            }
            if let step = takeResults(exchange, link, isLost: isLost) { return step }
            collectNotifications(link)
            // The system reports input, but not what an encryption has read ahead.
            let held = link.heldInput
            if held == .unknown { return .waitAndLookAgain }
            if held == .none { break }
            isLost = !read(exchange, link)
        }
        if exchange.needsFlush { return .waitForReadOrWrite }
        return exchange.hasRead ? .waitForRead : .waitForAnswer
    }

    /// Reads a part of a large result, for the task that waits for the rest.
    ///
    /// - Returns: True if more must arrive. If it is false, the next ``step(hasInput:)`` continues with what was
    ///   read.
    mutating func readPart() -> Bool {
        guard let link, let exchange else { return false }
        let isRead = read(exchange, link)
        exchange.hasRead = true
        if isRead, !exchange.isOverfull, !exchange.needsFlush, link.heldInput == .none, link.isBusy { return true }
        exchange.unusedRead = isRead
        return false
    }

    /// Reads the input that has arrived. False if the connection is lost.
    private func read(_ exchange: Exchange, _ link: Link) -> Bool {
        // One read is enough for most results. libpq does not report how much it has read; the decrease of the
        // socket's input is a lower bound.
        guard exchange.hasRead, exchange.resultLimit != nil else { return link.consumeInput() }
        let before = link.pendingInput
        let isRead = link.consumeInput()
        exchange.noteReceived(max(0, before - link.pendingInput))
        return isRead
    }

    /// Takes the complete results that have arrived. Nil if more must arrive.
    private mutating func takeResults(_ exchange: Exchange, _ link: Link, isLost: Bool) -> ExchangeStep? {
        // After the loss of a connection libpq still returns the earlier results, and then an error, without waiting.
        while isLost || !link.isBusy {
            // Data and end of a COPY come apart from results; the end of the connection comes as a result.
            if exchange.isCopyingOut, !dropCopyData(link), link.isConnected { return nil }
            guard let result = link.nextResult() else {
                exchange.endResults()
                if isAnswered(exchange, link, isLost: isLost) {
                    collectNotifications(link)
                    return .finished
                }
                continue
            }
            handle(result, link)
            if exchange.copying != nil || exchange.isFull { return .paused }
            if isLost, !link.isConnected, exchange.hasFailed, exchange.isPipeline { return .finished }
        }
        return nil
    }

    /// Called after the end of one statement's results: true if the server owes no further answer.
    private mutating func isAnswered(_ exchange: Exchange, _ link: Link, isLost: Bool) -> Bool {
        guard exchange.isPipeline, !isLost, link.isConnected else { return true }
        if exchange.pendingSyncs > 0 { return false }
        do {
            try link.exitPipeline()
        } catch {
            isBroken = true
        }
        return true
    }

    mutating func collectNotifications(_ link: Link) {
        while let notification = link.nextNotification() { notifications.append(notification) }
    }

    private mutating func handle(_ result: borrowing ResultHandle, _ link: Link) {
        exchange?.hasResult = true
        switch result.status {
        case .rows, .row: exchange?.append(result, types)
        case .command: handleCommand(result)
        case .error: noteError(result.error)
        case .sync: handleSync()
        case .copyIn:
            if exchange?.takesCopy() == true {
                exchange?.copying = .fromClient
            } else {
                if exchange?.hasCopied == false { noteError(.copyNeedsFunctions) }
                _ = link.endCopyIn(failure: "COPY needs the driver's own functions for it, which take one at a time")
                exchange?.needsFlush = true
            }
        case .copyOut:
            if exchange?.takesCopy() == true {
                exchange?.copying = .toClient
            } else {
                if exchange?.hasCopied == true {
                    noteError(.misuse("a COPY must be the only one in its text"))
                } else if exchange?.dropsRows == false {
                    noteError(.copyNeedsFunctions)
                }
                exchange?.isCopyingOut = true
            }
        case .copyBoth:
            noteError(.misuse("replication is not supported"))
            isBroken = true
        case .empty: break
        case .aborted: if exchange?.isOneTransaction == true { noteError(.skipped) }
        }
    }

    private mutating func noteError(_ error: PostgresError) {
        exchange?.note(error)
    }

    private mutating func handleSync() {
        exchange?.pendingSyncs -= 1
        learn()
        if let exchange, exchange.outcomes != nil, !exchange.isOneTransaction {
            if let statement = exchange.statement, let name = exchange.preparedName, let error = exchange.error {
                note(error, of: statement, preparedAs: name, isParsed: exchange.learned != nil)
            }
            exchange.endOutcome()
        }
        // The part before the last sync point was housekeeping.
        if exchange?.isPreparing == true, exchange?.pendingSyncs == 1 { exchange?.forgetError() }
        if exchange?.pendingSyncs == 0, let link {
            do {
                try link.exitPipeline()
                exchange?.isPipeline = false
            } catch {
                isBroken = true
            }
        }
    }

    /// Drops the data of a COPY. False if there is no more without waiting.
    private mutating func dropCopyData(_ link: Link) -> Bool {
        while true {
            switch link.nextCopyData() {
            case .data: continue
            case .wait: return false
            case .end:
                exchange?.isCopyingOut = false
                return true
            }
        }
    }

    private mutating func handleCommand(_ result: borrowing ResultHandle) {
        if exchange?.isPreparing == true { return learnShape(result) }
        let tag = result.commandTag
        exchange?.note(tag: tag)
        if let exchange, exchange.learnsShape {
            exchange.learnShape(StatementShape(parameterTypes: [], of: result, types))
        }
        exchange?.note(SQLStatementResult(affectedRows: result.affectedRows))
        if exchange?.isOwn == false || tag == "ROLLBACK" { noteSettings(after: tag) }
        if tag == "DEALLOCATE ALL" || tag == "DISCARD ALL" { cache.removeAll() }
    }

    /// Keeps the description, which is the last of the answers. The driver's own commands have a tag.
    private func learnShape(_ result: borrowing ResultHandle) {
        guard let exchange, result.commandTag.isEmpty else { return }
        exchange.learned = StatementShape(parameterTypes: result.parameterTypes, of: result, types)
    }
}
