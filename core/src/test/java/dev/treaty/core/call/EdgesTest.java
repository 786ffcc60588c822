package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A proxy whose handler is a dispatcher. */
class EdgesTest {
    @Contract(name = "test.Greeter", version = "1.0.0")
    interface Greeter {
        String greet(String name, int times);

        Optional<String> find(String name);

        void forget();

        default String twice(String name) {
            return greet(name, 2);
        }
    }

    private final ServiceContract contract = ServiceContract.of(Greeter.class);
    private final ManualTime time = new ManualTime();
    private final Random random = new Random(7);
    private final List<Throwable> internalErrors = new ArrayList<>();

    private Greeter greeter(Greeter implementation) {
        Handler dispatcher =
                Dispatcher.of(Greeter.class, contract, implementation, (_, error) -> internalErrors.add(error));
        return ServiceProxy.of(
                Greeter.class, contract, dispatcher, () -> CallContext.next(Principal.claimed("test"), time, random));
    }

    private static class Polite implements Greeter {
        @Override
        public String greet(String name, int times) {
            return "hello ".repeat(times) + name;
        }

        @Override
        public Optional<String> find(String name) {
            return Optional.empty();
        }

        @Override
        public void forget() {}
    }

    @Test
    void values_pass_through_proxy_and_dispatcher() {
        Greeter greeter = greeter(new Polite());
        assertThat(greeter.greet("ada", 1)).isEqualTo("hello ada");
        assertThat(greeter.twice("ada")).isEqualTo("hello hello ada");
        assertThat(greeter.find("x")).isEmpty();
        greeter.forget();
        assertThat(greeter).hasToString("client of test.Greeter").isEqualTo(greeter);
        assertThat(greeter.hashCode()).isEqualTo(greeter.hashCode());
    }

    @Test
    void a_service_exception_becomes_its_fault() {
        Greeter greeter = greeter(new Polite() {
            @Override
            public String greet(String name, int times) {
                throw new ServiceException(Code.NOT_FOUND, "no " + name);
            }
        });
        assertThatThrownBy(() -> greeter.greet("ada", 1))
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.fault()).isEqualTo(Fault.of(Code.NOT_FOUND, "no ada")));
        assertThat(internalErrors).isEmpty();
    }

    @Test
    void an_unexpected_exception_becomes_internal_without_its_text() {
        Greeter greeter = greeter(new Polite() {
            @Override
            public String greet(String name, int times) {
                throw new IllegalStateException("password=secret");
            }
        });
        assertThatThrownBy(() -> greeter.greet("ada", 1)).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(Code.INTERNAL);
            assertThat(e.getMessage()).doesNotContain("secret");
        });
        assertThat(internalErrors).hasSize(1).first().asString().contains("secret");
    }

    @Test
    void an_unreached_fault_of_an_inner_call_has_reached_the_outer_handler() {
        Greeter greeter = greeter(new Polite() {
            @Override
            public void forget() {
                throw new ServiceException(Fault.unreached(Code.UNAVAILABLE, "the inner service is down"));
            }
        });
        assertThatThrownBy(greeter::forget)
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.fault().reached()).isTrue());
    }

    @Test
    void calls_of_a_handler_inherit_its_context() {
        var inner = new ArrayList<CallContext>();
        Greeter second = ServiceProxy.of(
                Greeter.class,
                contract,
                call -> {
                    inner.add(call.context());
                    return ServiceResponse.ok("inner");
                },
                () -> CallContext.next(Principal.claimed("second"), time, random));
        var outer = new ArrayList<CallContext>();
        Greeter first = greeter(new Polite() {
            @Override
            public String greet(String name, int times) {
                outer.add(CallContext.current().orElseThrow());
                return second.greet(name, times);
            }
        });
        assertThat(first.greet("ada", 1)).isEqualTo("inner");
        assertThat(inner.getFirst().caller()).isEqualTo(Principal.claimed("test"));
        assertThat(inner.getFirst().deadline()).isEqualTo(outer.getFirst().deadline());
        assertThat(inner.getFirst().trace().id())
                .isEqualTo(outer.getFirst().trace().id());
        assertThat(inner.getFirst().trace().span())
                .isNotEqualTo(outer.getFirst().trace().span());
        assertThat(inner.getFirst().attempt()).isEqualTo(outer.getFirst().attempt());
        assertThat(CallContext.current()).isEmpty();
    }

    @Test
    void an_interrupt_cancels_the_call_and_keeps_the_flag() {
        Greeter greeter = ServiceProxy.of(
                Greeter.class,
                contract,
                _ -> {
                    throw new InterruptedException();
                },
                () -> CallContext.next(Principal.ANONYMOUS, time, random));
        assertThatThrownBy(greeter::forget)
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.CANCELED));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void a_hop_may_shorten_a_deadline_and_never_extends_it() {
        Deadline near = Deadline.after(Duration.ofSeconds(1), time);
        Deadline far = Deadline.after(Duration.ofSeconds(9), time);
        assertThat(near.earlier(far)).isEqualTo(near);
        assertThat(far.earlier(near)).isEqualTo(near);
        time.advance(Duration.ofSeconds(1));
        assertThat(near.expired(time)).isTrue();
        assertThat(far.expired(time)).isFalse();
        assertThat(Deadline.after(Duration.ofDays(10_000), time).remainingNanos(time))
                .isEqualTo(Deadline.MAX.toNanos());
    }

    @Test
    void a_message_of_another_process_is_printable_W11() {
        var fault = Fault.of(Code.INTERNAL, "a\u001b]0;x\u0007\u202e\r\nb");
        assertThat(fault.message()).isEqualTo("a ]0;x   \nb");
        assertThat(new ServiceException(fault)).hasMessage("internal: a ]0;x    b");
    }

    @Test
    void a_listener_of_internal_errors_that_fails_decides_no_call_G7() {
        Greeter broken = new Greeter() {
            @Override
            public String greet(String name, int times) {
                throw new IllegalStateException("x");
            }

            @Override
            public Optional<String> find(String name) {
                return Optional.empty();
            }

            @Override
            public void forget() {}
        };
        Handler dispatcher = Dispatcher.of(Greeter.class, contract, broken, (_, _) -> {
            throw new AssertionError("listener");
        });
        Greeter greeter = ServiceProxy.of(
                Greeter.class, contract, dispatcher, () -> CallContext.next(Principal.claimed("test"), time, random));
        assertThatThrownBy(() -> greeter.greet("ann", 1))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.INTERNAL));
    }
}
