package dev.treaty.registry.client;

import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.backend.FakeBackend;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Central settings of registries that keep none, refuse them, or are about to end. */
class SettingsClientTest {
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
    private final RegistryService service = new RegistryService(table, Time.system(), Events.NONE);
    private final AtomicReference<Code> failure = new AtomicReference<>();
    private final AtomicInteger asked = new AtomicInteger();

    private final Handler dispatcher =
            Dispatcher.of(RegistryProtocol.class, RegistryConnection.PROTOCOL, service, (call, cause) -> {
                throw new AssertionError(call.path(), cause);
            });

    /** Opens a client of a registry that may refuse what concerns settings. */
    private NetworkRegistry open() {
        Handler handler = call -> {
            boolean settings = call.operation().name().toLowerCase(Locale.ROOT).contains("settings");
            if (settings) {
                asked.incrementAndGet();
            }
            Code code = failure.get();
            return settings && code != null ? ServiceResponse.failed(code, "not here") : dispatcher.handle(call);
        };
        return new NetworkRegistry(
                "treaty://test",
                handler,
                Principal.claimed("test"),
                RegistryPolicy.STANDARD,
                new RuntimeDependencies(Time.system(), RandomSource.system(), Events.NONE));
    }

    @Test
    void a_registry_that_is_only_read_says_what_to_do_instead() {
        var backend = new FakeBackend();
        try (var registry =
                NetworkRegistry.over(backend, "file:list.yaml", backend.context(Time.system(), Events.NONE))) {
            var received = new CopyOnWriteArrayList<Stored>();
            registry.settings().watch(received::add);

            assertThat(received).containsExactly(Stored.NONE);
            assertThat(registry.settings().read()).isEqualTo(Stored.NONE);
            assertThatThrownBy(() -> registry.settings().replace(0, "{}"))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("the registry file:list.yaml keeps no central settings: edit treaty.yaml");
        }
    }

    @Test
    void a_registry_of_an_earlier_version_keeps_no_central_settings_and_is_not_a_problem() {
        failure.set(Code.UNIMPLEMENTED);
        try (var registry = open()) {
            var received = new CopyOnWriteArrayList<Stored>();
            registry.settings().watch(received::add);

            eventually(() -> received.contains(Stored.NONE));
            assertThat(registry.problem()).isEmpty();
            assertThatThrownBy(() -> registry.settings().replace(0, "{}"))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("treaty://test keeps no central settings");
        }
    }

    @Test
    void a_refusal_is_a_problem_of_the_registry_until_it_is_over() {
        failure.set(Code.PERMISSION_DENIED);
        try (var registry = open()) {
            var received = new CopyOnWriteArrayList<Stored>();
            registry.settings().watch(received::add);
            eventually(() -> registry.problem().isPresent());
            assertThat(registry.problem()).get().asString().contains("refuses to tell its central settings: not here");
            assertThat(received).isEmpty();
            assertThatThrownBy(() -> registry.settings().replace(0, "{}")).isInstanceOf(ServiceException.class);

            failure.set(null);
            assertThat(registry.settings().replace(0, "{}")).isTrue();
            eventually(() -> received.contains(new Stored(1, "{}")));
            assertThat(registry.problem()).isEmpty();
        }
    }

    @Test
    void one_request_serves_all_watchers_and_none_is_sent_without_a_watcher() {
        try (var registry = open()) {
            var first = registry.settings().watch(_ -> {});
            var second = registry.settings().watch(_ -> {});
            eventually(() -> asked.get() == 2); // the first answer, and one that waits
            first.close();
            second.close();
            table.replaceSettings(0, new Stored(1, "{}"));
            var received = new CopyOnWriteArrayList<Stored>();
            registry.settings().watch(received::add);

            eventually(() -> !received.isEmpty()); // on a busy machine after the call
            assertThat(received).containsExactly(new Stored(1, "{}"));
            eventually(() -> asked.get() == 4);
        }
    }

    @Test
    void a_registry_that_ends_answers_the_waiting_requests_and_is_not_asked_in_a_loop() throws InterruptedException {
        try (var registry = open()) {
            registry.settings().watch(_ -> {});
            eventually(() -> asked.get() == 2);
            service.close();
            eventually(() -> asked.get() > 2);
            Time.system().sleep(RegistryPolicy.STANDARD.pauseMin().toNanos());
            assertThat(asked.get()).isLessThan(8);
        }
    }
}
