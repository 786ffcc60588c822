package dev.treaty;

import static dev.treaty.Patient.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code registry: file:instances.yaml}. */
class FileRegistryTest {
    private static final ServiceName NAMES = new ServiceName("test.Names");

    @TempDir
    Path directory;

    /** The service in the file. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Returns a name. */
        @Idempotent
        String name();
    }

    private Path file() {
        return directory.resolve("instances.yaml");
    }

    /** Writes the file atomically: readers see the old file or the new one. */
    private void write(String text) throws IOException {
        Path fresh = Files.writeString(directory.resolve("fresh"), text);
        Files.move(fresh, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String instance(String id, int port) {
        return "  - id: " + id + "\n    service: test.Names\n    host: 127.0.0.1\n    port: " + port + "\n";
    }

    private Treaty open() {
        return Treaty.open(Settings.DEFAULTS.withRegistry(RegistryAddress.parse("file:" + file())));
    }

    @Test
    void calls_go_to_the_instances_in_the_file_and_follow_its_changes() throws Exception {
        try (var served = Treaty.open()) {
            served.serve(Names.class, () -> "found");
            int port = served.endpoint().orElseThrow().port();
            write("instances:\n" + instance("a", port) + "    metadata: {team: shop}\n    weight: 200\n");
            try (var treaty = open()) {
                assertThat(treaty.client(Names.class).name()).isEqualTo("found");
                ServiceInstance read = treaty.registry().instances(NAMES).getFirst();
                assertThat(read.metadata()).containsEntry("team", "shop");
                assertThat(read.weight()).isEqualTo(200);
                until(() -> treaty.registry().services().equals(Set.of(NAMES)));
                BlockingQueue<DiscoveryEvent> seen = new LinkedBlockingQueue<>();
                treaty.registry().watch(NAMES, seen::add);
                assertThat(seen.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Added.class);

                write("{\"instances\": [{\"id\": \"b\", \"service\": \"test.Names\", \"host\": \"127.0.0.1\","
                        + " \"port\": "
                        + port + "}]}"); // JSON is YAML too

                assertThat(seen.poll(60, TimeUnit.SECONDS).instance().id()).isEqualTo("b");
                assertThat(seen.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Removed.class);
            }
        }
    }

    @Test
    void an_unreadable_file_changes_nothing_and_is_reported() throws Exception {
        write("instances:\n" + instance("a", 8080));
        try (var treaty = open()) {
            until(() -> treaty.registry().instances(NAMES).size() == 1);

            write("instances:\n" + instance("a", 8080)
                    + "  - id: b\n    service: test.Names\n    host: h\n    prot: 1\n");

            until(() -> treaty.registry().problem().isPresent());
            assertThat(treaty.registry().problem().orElseThrow())
                    .contains(file().toString(), "prot", "port", "is missing");
            assertThat(treaty.registry().instances(NAMES)).hasSize(1);
            Files.delete(file());
            until(() -> treaty.registry().instances(NAMES).size() == 1);
            write("instances:\n" + instance("a", 8080) + instance("b", 8081));
            until(() -> treaty.registry().instances(NAMES).size() == 2);
            until(() -> treaty.registry().problem().isEmpty());
        }
    }

    @Test
    void an_instance_that_drains_in_the_file_gets_no_calls() throws Exception {
        try (var served = Treaty.open()) {
            served.serve(Names.class, () -> "found");
            int port = served.endpoint().orElseThrow().port();
            write("instances:\n" + instance("a", port));
            try (var treaty = open()) {
                Names names = treaty.client(Names.class);
                assertThat(names.name()).isEqualTo("found");

                write("instances:\n" + instance("a", port) + "    health: draining\n");
                until(() ->
                        treaty.registry().instances(NAMES).getFirst().health().status() == Status.DRAINING);
                until(() -> {
                    try {
                        return names.name().isEmpty();
                    } catch (ServiceException refused) {
                        return refused.fault().message().contains("draining");
                    }
                });
            }
        }
    }

    @Test
    void two_instances_with_the_same_id_are_rejected() throws Exception {
        write("instances: []\n");
        try (var treaty = open()) {
            treaty.registry().instances(NAMES); // follows the service
            until(() -> treaty.registry().problem(NAMES).isEmpty());
            write("instances:\n" + instance("a", 8080) + instance("a", 8081));
            until(() -> treaty.registry()
                    .problem()
                    .filter(problem -> problem.contains("instances[1].id: another instance of this file has this id"))
                    .isPresent());
            assertThat(treaty.registry().instances(NAMES)).isEmpty();
        }
    }

    @Test
    void registration_is_rejected() throws Exception {
        write("instances: []\n");
        try (var treaty = open()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> treaty.serve(Names.class, () -> "never"))
                    .withMessageContaining("it can only be read")
                    .withMessageContaining("write it into the file " + file());
        }
    }

    @Test
    void central_settings_are_refused_with_what_to_do_instead() throws Exception {
        write("instances: []\n");
        try (var treaty = open()) {
            assertThat(treaty.registry().settings().read()).isEqualTo(Stored.NONE);
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> treaty.registry().settings().replace(0, "{}"))
                    .withMessageContaining("the registry file:" + file() + " keeps no central settings")
                    .withMessageContaining("edit treaty.yaml");
        }
    }

    @Test
    void a_missing_module_is_named() {
        var settings = Settings.DEFAULTS.withRegistry(RegistryAddress.parse("etcd://127.0.0.1:2379"));
        assertThatThrownBy(() -> Treaty.open(settings))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("registry: etcd://127.0.0.1:2379 needs a module")
                .hasMessageContaining("dev.treaty:treaty-registry-etcd");
    }

    @Test
    void a_file_that_is_restored_with_its_old_time_and_size_is_read_R1() throws Exception {
        write("instances:\n" + instance("a", 1));
        var time = Files.getLastModifiedTime(file());
        try (var treaty = open()) {
            until(() -> treaty.registry().instances(NAMES).size() == 1);

            Files.writeString(file(), "instances:\n" + instance("b", 1)); // in place
            Files.setLastModifiedTime(file(), time);

            until(() -> treaty.registry().instances(NAMES).getFirst().id().equals("b"));
        }
    }
}
