package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.ManualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PipelineTest {
    @Test
    void filters_run_and_are_described_outermost_first() throws InterruptedException {
        var order = new ArrayList<String>();
        var pipeline = new Pipeline(
                List.of(
                        new Pipeline.Step("one", "it is first", recording(order, "one")),
                        new Pipeline.Step("two", "it is second", recording(order, "two"))),
                "last",
                _ -> {
                    order.add("last");
                    return ServiceResponse.ok("answer");
                });
        var context = CallContext.next(Principal.ANONYMOUS, new ManualTime(), new Random(1));
        var call = new Call(new ServiceName("a"), Operation.unknown("b"), List.of(), context);
        assertThat(pipeline.handler().handle(call).orThrow()).isEqualTo("answer");
        assertThat(order).containsExactly("one", "two", "last", "two after", "one after");
        assertThat(pipeline.describe().lines())
                .containsExactly("one              it is first", "two              it is second", "last");
    }

    private static Filter recording(List<String> order, String name) {
        return (call, next) -> {
            order.add(name);
            ServiceResponse<?> response = next.handle(call);
            order.add(name + " after");
            return response;
        };
    }
}
