package dev.treaty;

import static dev.treaty.Patient.knows;
import static dev.treaty.Patient.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Capability;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.DefaultValue;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which instances a client calls while another version of a contract is being deployed. */
class CompatibilityTest {
    private static final ServiceName STOCK = new ServiceName("test.Stock");
    private static final int CALLS = 60;

    /** The current version. */
    @Contract(name = "test.Stock", version = "1.4.0")
    public interface Stock {
        /** Returns a number. */
        @Idempotent
        int count(String sku);

        /** Returns the version. */
        @Idempotent
        String ping();
    }

    /** Breaks callers of {@code count}, and adds an operation. */
    @Contract(name = "test.Stock", version = "1.5.0")
    public interface BrokenStock {
        /** Requires another parameter. */
        @Idempotent
        int count(String sku, String warehouse);

        /** Returns the version. */
        @Idempotent
        String ping();

        /** A new operation. */
        @Idempotent
        List<String> skus();
    }

    /** The next major version. */
    @Contract(
            name = "test.Stock",
            version = "2.0.0",
            capabilities = {
                @Capability(name = "forecast", version = "1.2.0"),
                @Capability(name = "oracle", enabled = false)
            })
    public interface NextStock {
        /** Returns a number. */
        @Idempotent
        int count(String sku);

        /** Returns the version. */
        @Idempotent
        String ping();
    }

    /** Adds an optional parameter, which old servers reject if it is sent. */
    @Contract(name = "test.Stock", version = "1.6.0")
    public interface FilteredStock {
        /** Returns a number. */
        @Idempotent
        int count(String sku, Optional<String> colour);

        /** Returns the version. */
        @Idempotent
        String ping();
    }

    private final Treaty registry = Treaty.open(Settings.parse("registry", "server: {drain: 0s}\n", Map.of()));
    private final List<Treaty> opened = new ArrayList<>();
    private final AtomicInteger counts = new AtomicInteger();
    private final AtomicInteger pings = new AtomicInteger();

    @BeforeEach
    void start() {
        registry.serveRegistry();
    }

    @AfterEach
    void stop() throws InterruptedException {
        List<Thread> closing = opened.stream()
                .map(member -> Thread.ofVirtual().start(member::close))
                .toList();
        for (Thread thread : closing) {
            thread.join();
        }
        registry.close();
    }

    private Treaty member() {
        return member("");
    }

    private Treaty member(String more) {
        ServiceEndpoint at = registry.endpoint().orElseThrow();
        String yaml = "registry: treaty://" + at.authority() + "\nserver: {drain: 0s}\n" + more;
        Treaty member = Treaty.open(Patient.settings(yaml));
        opened.add(member);
        return member;
    }

    private Stock stock() {
        return new Stock() {
            @Override
            public int count(String sku) {
                return counts.incrementAndGet();
            }

            @Override
            public String ping() {
                return "1.4.0";
            }
        };
    }

    private static final class Broken implements BrokenStock {
        private final AtomicInteger pings;

        Broken(AtomicInteger pings) {
            this.pings = pings;
        }

        @Override
        public int count(String sku, String warehouse) {
            return -1;
        }

        @Override
        public String ping() {
            pings.incrementAndGet();
            return "1.5.0";
        }

        @Override
        public List<String> skus() {
            return List.of("tea");
        }
    }

    private ServedService serveBroken() {
        Treaty server = member();
        ServiceContract broken = ServiceContract.of(BrokenStock.class);
        server.registry().publish(broken, true);
        until(() -> registry.registry().contract(STOCK, broken.fingerprint()).isPresent());
        return server.serve(BrokenStock.class, new Broken(pings));
    }

    @Test
    void during_a_breaking_deployment_old_clients_call_old_instances_only() {
        Treaty old = member();
        old.serve(Stock.class, stock());
        member().serve(Stock.class, stock());
        Treaty caller = member();
        Stock client = caller.client(Stock.class);
        assertThat(client.ping()).isEqualTo("1.4.0");

        serveBroken();
        knows(caller, STOCK, 3);
        until(() -> client.ping().equals("1.5.0")); // its contract is known now
        pings.set(0);

        for (int i = 0; i < CALLS; i++) {
            assertThat(client.count("tea")).isPositive();
            client.ping();
        }
        assertThat(counts).hasValue(CALLS);
        until(
                () -> { // an unchanged operation goes to the new instance too, which is cold and gets few calls
                    client.ping();
                    return pings.get() > 0;
                });

        BrokenStock next = member().client(BrokenStock.class);
        for (int i = 0; i < CALLS; i++) {
            assertThat(next.count("tea", "east")).isEqualTo(-1);
            assertThat(next.skus()).containsExactly("tea");
        }
        assertThat(counts).hasValue(CALLS);
    }

    @Test
    void old_clients_get_a_reason_if_only_incompatible_instances_are_left() {
        ServedService server = serveBroken();
        Treaty caller = member();
        knows(caller, STOCK, 1);
        Stock client = caller.client(Stock.class);
        assertThat(client.ping()).isEqualTo("1.5.0");

        // Until its contract is known, an instance is called if there is no other: it rejects the call.
        assertThatThrownBy(() -> untilUnavailable(client)).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(e.fault().message())
                    .isEqualTo("none of the 1 instances of test.Stock takes calls: "
                            + server.instance().id()
                            + " (incompatible contract: 1.5.0 breaks count, \"warehouse\" in requests of count: it is"
                            + " new and required)");
        });
    }

    private static void untilUnavailable(Stock client) {
        while (true) {
            try {
                client.count("tea");
            } catch (ServiceException e) {
                if (e.code() != Code.INVALID_ARGUMENT) {
                    throw e;
                }
            }
        }
    }

    @Test
    void instances_with_another_major_version_are_excluded() {
        Treaty caller = member();
        Stock client = caller.client(Stock.class);
        member().serve(NextStock.class, next());
        knows(caller, STOCK, 1);

        assertThatThrownBy(client::ping)
                .hasMessageContaining("(incompatible contract: version 2.0.0 is not within ^1.0.0)");
        Requirement both = Requirement.NONE.withVersions(VersionRange.parse(">=1.4 <3"));
        assertThat(caller.client(Stock.class, both).ping()).isEqualTo("2.0.0");
        member().serve(Stock.class, stock());
        knows(caller, STOCK, 2);
        assertThat(client.ping()).isEqualTo("1.4.0");
    }

    private static FilteredStock filtered() {
        return new FilteredStock() {
            @Override
            public int count(String sku, Optional<String> colour) {
                return -6;
            }

            @Override
            public String ping() {
                return "1.6.0";
            }
        };
    }

    private static NextStock next() {
        return new NextStock() {
            @Override
            public int count(String sku) {
                return 2;
            }

            @Override
            public String ping() {
                return "2.0.0";
            }
        };
    }

    @Test
    void a_partly_incompatible_instance_is_called_only_if_there_is_no_other() {
        Treaty caller = member();
        member().serve(Stock.class, stock());
        knows(caller, STOCK, 1);
        FilteredStock client = caller.client(FilteredStock.class);
        assertThat(client.count("tea", Optional.empty())).isPositive();
        assertThatThrownBy(() -> client.count("tea", Optional.of("green")))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_ARGUMENT));

        member().serve(FilteredStock.class, filtered());
        knows(caller, STOCK, 2);
        for (int i = 0; i < CALLS; i++) {
            assertThat(client.count("tea", Optional.of("green"))).isEqualTo(-6);
        }
    }

    @Test
    void clients_call_instances_with_the_required_capabilities() {
        Treaty caller = member();
        ServedService server = member().serve(NextStock.class, next());
        knows(caller, STOCK, 1);
        assertThat(Requirement.offered(server.instance())).isEqualTo(Map.of("forecast", new Version(1, 2, 0)));
        Requirement same = Requirement.of(ServiceContract.of(NextStock.class));

        assertThat(caller.client(NextStock.class, same.withCapability("forecast"))
                        .ping())
                .isEqualTo("2.0.0");
        assertThat(caller.client(NextStock.class, same.withCapability("forecast", new Version(1, 1, 0)))
                        .ping())
                .isEqualTo("2.0.0");
        assertThatThrownBy(() -> caller.client(NextStock.class, same.withCapability("forecast", new Version(1, 3, 0)))
                        .ping())
                .hasMessageContaining("(capability forecast is offered in version 1.2.0, which is not within ^1.3.0)");
        assertThatThrownBy(() -> caller.client(NextStock.class, same.withCapability("oracle"))
                        .ping())
                .hasMessageContaining("(capability oracle is not offered)");
    }

    @Test
    void settings_can_require_versions_and_capabilities() throws InterruptedException {
        member().serve(NextStock.class, next());
        String required = "services: {test.Stock: {requires: {versions: \"%s\", capabilities: {%s}}}}\n";
        Treaty fits = member(required.formatted(">=1.4 <3", "forecast: 1.1"));
        Treaty missing = member(required.formatted("*", "oracle: 0.0"));
        Treaty newer = member(required.formatted("^2.1", ""));
        Treaty none = member();
        List.of(fits, missing, newer, none).forEach(caller -> knows(caller, STOCK, 1));

        assertThat(fits.client(Stock.class).ping())
                .as("settings take precedence over the contract")
                .isEqualTo("2.0.0");
        assertThatThrownBy(() -> none.client(Stock.class).ping()).hasMessageContaining("is not within ^1.0.0");
        assertThatThrownBy(() -> newer.client(NextStock.class).ping())
                .hasMessageContaining("version 2.0.0 is not within ^2.1.0");
        assertThatThrownBy(() -> missing.client(NextStock.class).ping())
                .hasMessageContaining("(capability oracle is not offered)");
        assertThat(missing.client().call("test.Stock", "ping", Map.of()))
                .as("also without a contract")
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().message()).contains("capability oracle is not offered"));
    }

    @Test
    void an_unhealthy_compatible_instance_does_not_exclude_partly_compatible_ones() {
        Treaty caller = member();
        member().serve(Stock.class, stock());
        ServedService filtered = member().serve(FilteredStock.class, filtered());
        knows(caller, STOCK, 2);
        FilteredStock client = caller.client(FilteredStock.class);
        filtered.report(ServiceHealth.of(Status.CRITICAL, Instant.now()));

        int answer = -6;
        while (answer == -6) {
            answer = client.count("tea", Optional.empty());
        }
        assertThat(answer).isPositive();
    }

    /** A breaking change. */
    @Contract(name = "test.Stock", version = "1.4.1")
    public interface BreakingStock {
        /** Returns a number. */
        @Idempotent
        int count(String sku, @DefaultValue("east") String warehouse);
    }

    @Test
    void a_service_with_a_rejected_contract_is_not_served() {
        member().serve(Stock.class, stock());
        until(() -> !registry.registry().instances(STOCK).isEmpty());
        until(() -> registry.registry().contract(STOCK).isPresent());
        Treaty server = registry; // with the embedded registry, a rejection is thrown at once

        assertThatThrownBy(() -> server.serve(BreakingStock.class, (_, _) -> 0))
                .isInstanceOf(IncompatibleContractException.class)
                .hasMessageContaining("test.Stock 1.4.1 breaks clients of 1.4.0")
                .hasMessageContaining("\"ping\": the operation is gone");

        assertThat(registry.registry().instances(STOCK)).hasSize(1);
        server.serve(Stock.class, stock());
        assertThat(registry.registry().instances(STOCK)).hasSize(2);
    }
}
