package dev.treaty.benchmarks.call;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/** An order, and the same as JSON for those who travel light. */
final class Message {
    /** The size of every message as JSON, in bytes. */
    static final int JSON_BYTES = 145;

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
        var mapper = JsonMapper.builder().build();
        return IntStream.range(0, count)
                .mapToObj(Order::example)
                .map(order ->
                        new Message(order, mapper.writeValueAsString(order).getBytes(StandardCharsets.UTF_8)))
                .toArray(Message[]::new);
    }
}
