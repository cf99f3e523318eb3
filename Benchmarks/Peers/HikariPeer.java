import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;

/// HikariCP, with pgjdbc or with connections that do nothing: the same work as the other contenders, a thread for each task.
/// PoolBenchmarks starts it: WORK TASKS OPERATIONS_PER_CALL WARM_UP DURATION CONNECTIONS, the times in nanoseconds.
public class HikariPeer {
    record Row(int id, long total, String name, double ratio) {}

    interface Operation {
        void run() throws Exception;
    }

    static final int keys = 100_000;
    static final int warmingUp = 0, measuring = 1, stopped = 2;
    static volatile int phase = warmingUp;
    static volatile Exception failure;
    static volatile Object latest;

    static class Task extends Thread {
        final Operation operation;
        final int operationsPerCall;
        long[] times = new long[1024];
        int count;

        Task(Operation operation, int operationsPerCall) {
            this.operation = operation;
            this.operationsPerCall = operationsPerCall;
        }

        @Override public void run() {
            try {
                long started = System.nanoTime();
                for (int current = phase; current != stopped; current = phase) {
                    for (int index = 0; index < operationsPerCall; index++) operation.run();
                    long ended = System.nanoTime();
                    if (current == measuring) {
                        if (count == times.length) times = Arrays.copyOf(times, count * 2);
                        times[count++] = (ended - started) / operationsPerCall;
                    }
                    started = ended;
                }
            } catch (Exception error) {
                failure = error;
                phase = stopped;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        String work = arguments[0];
        int tasks = Integer.parseInt(arguments[1]), operationsPerCall = Integer.parseInt(arguments[2]);
        long warmUp = Long.parseLong(arguments[3]), duration = Long.parseLong(arguments[4]);
        HikariConfig configuration = new HikariConfig();
        configuration.setMaximumPoolSize(Integer.parseInt(arguments[5]));
        if (work.equals("cycle")) configuration.setDataSource(idleSource()); else connect(configuration);
        HikariDataSource pool = new HikariDataSource(configuration);
        Operation operation = operation(work, pool);
        Task[] threads = new Task[tasks];
        for (int index = 0; index < tasks; index++) {
            threads[index] = new Task(operation, operationsPerCall);
            threads[index].start();
        }
        pass(warmUp);
        long processorTime = processorTime(), start = System.nanoTime();
        if (phase == warmingUp) phase = measuring;
        pass(duration);
        processorTime = processorTime() - processorTime;
        long elapsed = System.nanoTime() - start;
        phase = stopped;
        for (Task thread : threads) thread.join();
        if (failure != null) throw failure;
        report(threads, operationsPerCall, elapsed, processorTime);
        pool.close();
    }

    static void report(Task[] tasks, int operationsPerCall, long elapsed, long processorTime) {
        int count = 0;
        for (Task task : tasks) count += task.count;
        long[] times = new long[count];
        int place = 0;
        for (Task task : tasks) {
            System.arraycopy(task.times, 0, times, place, task.count);
            place += task.count;
        }
        if (count == 0) throw new IllegalStateException("no operation began and ended within the time");
        Arrays.sort(times);
        System.out.printf(
            "{\"operations\":%d,\"elapsed\":%d,\"processorTime\":%d,\"p50\":%d,\"p99\":%d,\"p999\":%d}",
            (long) count * operationsPerCall, elapsed, processorTime, times[count / 2], times[(int) (count * 0.99)],
            times[(int) (count * 0.999)]);
    }

    static Operation operation(String work, DataSource pool) {
        switch (work) {
            case "cycle": return () -> { try (Connection connection = pool.getConnection()) { latest = connection; } };
            case "select1": return () -> query(pool, "SELECT 1", 0);
            case "point": return () -> {
                int key = ThreadLocalRandom.current().nextInt(keys) + 1;
                query(pool, "SELECT id, name FROM item WHERE id = ?", key);
            };
            case "rows": return () -> readRows(pool);
            default: throw new IllegalArgumentException(work);
        }
    }

    static void query(DataSource pool, String text, int key) throws Exception {
        try (Connection connection = pool.getConnection();
             PreparedStatement statement = connection.prepareStatement(text)) {
            if (key > 0) statement.setLong(1, key);
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next() || result.getLong(1) != (key > 0 ? key : 1)) throw new IllegalStateException("the row is another");
                if (key > 0) latest = result.getString(2);
            }
        }
    }

    static void readRows(DataSource pool) throws Exception {
        List<Row> rows = new ArrayList<>(1000);
        try (Connection connection = pool.getConnection();
             PreparedStatement statement = connection.prepareStatement("SELECT id, total, name, ratio FROM record");
             ResultSet result = statement.executeQuery()) {
            while (result.next()) rows.add(new Row(result.getInt(1), result.getLong(2), result.getString(3), result.getDouble(4)));
        }
        if (rows.size() != 1000 || rows.get(999).total() != 999 * 4_000_000_007L) throw new IllegalStateException("the rows are others");
        latest = rows;
    }

    /// The address is libpq's: words like `host=…`, whose values may be in quotes.
    static void connect(HikariConfig configuration) {
        String host = "", port = "", database = "";
        for (String word : System.getenv("POOL_BENCHMARK_ADDRESS").split(" ")) {
            String value = word.substring(word.indexOf('=') + 1);
            if (word.startsWith("host=")) host = value;
            if (word.startsWith("port=")) port = value;
            if (word.startsWith("dbname=")) database = value;
            if (word.startsWith("user=")) configuration.setUsername(value);
            if (word.startsWith("password=")) configuration.setPassword(value);
        }
        configuration.setJdbcUrl("jdbc:postgresql://" + host + ":" + port + "/" + database
            + "?currentSchema=pool_benchmark&sslmode=disable&prepareThreshold=1");
    }

    static DataSource idleSource() {
        return (DataSource) Proxy.newProxyInstance(
            HikariPeer.class.getClassLoader(), new Class<?>[] {DataSource.class},
            (proxy, method, values) -> method.getName().equals("getConnection") ? idleConnection() : standard(method.getReturnType()));
    }

    static Connection idleConnection() {
        return (Connection) Proxy.newProxyInstance(
            HikariPeer.class.getClassLoader(), new Class<?>[] {Connection.class},
            (proxy, method, values) -> method.getName().equals("isValid") ? true : standard(method.getReturnType()));
    }

    static Object standard(Class<?> type) {
        if (type == boolean.class) return false;
        if (type == int.class) return 0;
        return null;
    }

    static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static void pass(long nanoseconds) throws InterruptedException {
        Thread.sleep(nanoseconds / 1_000_000);
    }
}
