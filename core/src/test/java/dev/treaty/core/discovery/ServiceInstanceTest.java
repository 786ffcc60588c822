package dev.treaty.core.discovery;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.time.Instant;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceInstanceTest {
    private static final ServiceEndpoint ENDPOINT = new ServiceEndpoint("http", "::1", 8080);

    private static ServiceInstance instance(String id) {
        return ServiceInstance.of(id, new ServiceName("shop.Orders"), new Version(1, 0, 0), ENDPOINT, Instant.EPOCH);
    }

    @Test
    void optional_properties_have_defaults() {
        var plain = instance("orders-1");

        assertThat(plain.health().status()).isEqualTo(ServiceHealth.Status.UNKNOWN);
        assertThat(plain.region()).isEmpty();
        assertThat(plain.zone()).isEmpty();
        assertThat(plain.weight()).isEqualTo(100);
        assertThat(plain.metadata()).isEmpty();
    }

    @Test
    void each_method_changes_the_property_of_its_name() {
        var health = ServiceHealth.of(ServiceHealth.Status.WARNING, Instant.EPOCH);
        var changed = instance("orders-1")
                .withHealth(health)
                .withPlace("eu", "eu-1a")
                .withWeight(300)
                .withContract("f00")
                .withMetadata(Map.of("team", "orders"));

        assertThat(changed)
                .isEqualTo(new ServiceInstance(
                        "orders-1",
                        new ServiceName("shop.Orders"),
                        new Version(1, 0, 0),
                        ENDPOINT,
                        health,
                        "eu",
                        "eu-1a",
                        300,
                        "f00",
                        Map.of("team", "orders"),
                        Instant.EPOCH));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a/b", "a\n", "größe", "a\u0000", "a\u202e"})
    void an_id_has_visible_characters_and_is_one_path_segment(String id) {
        assertThatThrownBy(() -> instance(id)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void an_id_has_a_maximum_length() {
        assertThat(instance("x".repeat(128)).id()).hasSize(128);
        assertThatThrownBy(() -> instance("x".repeat(129)))
                .hasMessageContaining("129")
                .hasMessageContaining("128");
    }

    @Test
    void weights_have_a_range() {
        assertThat(instance("a").withWeight(1).withWeight(1_000).weight()).isEqualTo(1_000);
        assertThatThrownBy(() -> instance("a").withWeight(0)).hasMessage("weight is 0: use 1 to 1000");
        assertThatThrownBy(() -> instance("a").withWeight(1_001)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void regions_and_zones_have_visible_characters() {
        assertThatThrownBy(() -> instance("a").withPlace("eu\n", "")).hasMessageContaining("region");
        assertThatThrownBy(() -> instance("a").withPlace("", "x".repeat(129))).hasMessageContaining("zone");
    }

    @Test
    void metadata_has_limits() {
        var many = IntStream.range(0, 65).boxed().collect(toMap(i -> "k" + i, i -> "v"));

        assertThatThrownBy(() -> instance("a").withMetadata(many))
                .hasMessageContaining("65")
                .hasMessageContaining("64");
        assertThatThrownBy(() -> instance("a").withMetadata(Map.of("k", "x".repeat(8_192))))
                .hasMessage("metadata has 8193 bytes: at most 8192 are allowed");
        assertThat(instance("a").withMetadata(Map.of("k", "x".repeat(8_191))).metadata())
                .hasSize(1);
        assertThatThrownBy(() -> instance("a").withMetadata(Map.of("k", "ö".repeat(4_096))))
                .hasMessage("metadata has 8193 bytes: at most 8192 are allowed");
        assertThatThrownBy(() -> instance("a").withMetadata(Map.of("a key", "x")))
                .hasMessageContaining("U+0020");
        assertThatThrownBy(() -> instance("a").withMetadata(Map.of("k", "a\u001b[2J")))
                .hasMessageContaining("U+001B");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 65_536})
    void a_port_has_a_range(int port) {
        assertThatThrownBy(() -> new ServiceEndpoint("http", "localhost", port)).hasMessageContaining("65535");
    }

    @Test
    void no_detail_of_a_health_is_lost_if_names_are_equal_once_printable_W11() {
        var health = new ServiceHealth(
                ServiceHealth.Status.PASSING, "", Instant.EPOCH, Map.of("db\u001b", "up", "db\u009b", "slow"));
        assertThat(health.details()).containsOnlyKeys("db ");
        assertThat(health.details().get("db ")).contains("up", "slow");
    }
}
