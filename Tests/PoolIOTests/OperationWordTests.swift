import Testing

@testable import PoolIO

@Suite("OperationWord")
struct OperationWordTests {
    @Test("each operation has a number of its own, and only its own end ends it")
    func numbers() {
        var word = OperationWord()
        #expect(!word.isRunning && word.number == 0 && word.running == 0)
        word.begin(isCancellable: true)
        #expect(word.isRunning && word.isCancellable && word.running == 1)
        word.begin(isCancellable: false)
        #expect(word.isRunning && !word.isCancellable && word.running == 2)
        word.end(1)
        #expect(word.isRunning)
        word.end(2)
        #expect(!word.isRunning && word.running == 0 && word.number == 2)
    }

    @Test("the first signal stays unless the connection is being closed, and only that outlives the operation")
    func signals() {
        var word = OperationWord()
        word.begin(isCancellable: true)
        word.note(.connectionCancelled)
        word.note(.taskCancelled)
        #expect(word.signal == .connectionCancelled)
        word.begin(isCancellable: true)
        #expect(word.signal == .none)
        word.note(.taskCancelled)
        word.note(.closing)
        word.note(.connectionCancelled)
        #expect(word.signal == .closing)
        word.begin(isCancellable: true)
        #expect(word.signal == .closing && word.isRunning && word.isCancellable)
    }

    @Test("each signal is the number in the lowest bits", arguments: OperationSignal.allCases)
    func bits(signal: OperationSignal) {
        var word = OperationWord()
        word.begin(isCancellable: false)
        word.note(signal)
        #expect(word.signal == signal)
        #expect(word.bits & 3 == signal.rawValue)
    }

    @Test("the driver's own flags end with the operation, and touch nothing else")
    func flags() {
        var word = OperationWord()
        word.begin(isCancellable: true)
        let before = word
        word[OperationWord.firstFlag] = true
        word[OperationWord.secondFlag] = true
        #expect(word[OperationWord.firstFlag] && word[OperationWord.secondFlag])
        #expect(word.running == 1 && word.isCancellable && word.signal == .none)
        word[OperationWord.firstFlag] = false
        word[OperationWord.secondFlag] = false
        #expect(word == before)
        word[OperationWord.secondFlag] = true
        word.begin(isCancellable: true)
        #expect(!word[OperationWord.secondFlag])
    }
}
