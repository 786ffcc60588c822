package dev.treaty.benchmarks.call;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/** An order, and the same as JSON for subjects that only copy it. */
final class Message {
    /** The size of every message as JSON, in bytes, unless another is asked for. */
    static final int JSON_BYTES = 145;

    /** The most bytes that all messages have together. */
    private static final int BYTES_MAX = 32 << 20;

    private final Order order;
    private final byte[] json;

    private Message(Order order, byte[] json) {
        this.order = order;
        this.json = json;
    }

    Order order() {
        return order;
    }

    /** Not a copy, and never written to. */
    byte[] json() {
        return json;
    }

    /** So many messages, no two alike: enough that an answer to another call is noticed. */
    static Message[] examples(int count) {
        return examples(count, JSON_BYTES);
    }

    /** At most so many messages of a size, with longer notes. */
    static Message[] examples(int most, int bytes) {
        var mapper = JsonMapper.builder().build();
        String longer = "a long way round the house, ".repeat(bytes / 28 + 1);
        String note = Order.example(0).note() + longer.substring(0, bytes - JSON_BYTES);
        return IntStream.range(0, Math.min(most, BYTES_MAX / bytes))
                .mapToObj(n -> Order.example(n, note))
                .map(order ->
                        new Message(order, mapper.writeValueAsString(order).getBytes(StandardCharsets.UTF_8)))
                .toArray(Message[]::new);
    }
}
