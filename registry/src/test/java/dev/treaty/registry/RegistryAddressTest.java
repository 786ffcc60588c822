package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryAddress.Embedded;
import dev.treaty.registry.RegistryAddress.Network;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryAddressTest {
    @Test
    void an_address_reads_its_own_text() {
        assertThat(RegistryAddress.parse("embedded")).isEqualTo(new Embedded()).hasToString("embedded");
        assertThat(RegistryAddress.parse("treaty://10.0.0.1:80"))
                .isEqualTo(new Network("10.0.0.1", 80))
                .hasToString("treaty://10.0.0.1:80");
        assertThat(RegistryAddress.parse("treaty://registry.local"))
                .isEqualTo(new Network("registry.local", 7400))
                .hasToString("treaty://registry.local:7400");
        assertThat(RegistryAddress.parse("treaty://[::1]:7400"))
                .isEqualTo(new Network("::1", 7400))
                .hasToString("treaty://[::1]:7400");
        assertThat(RegistryAddress.parse("treaty://[::1]")).isEqualTo(new Network("::1", 7400));
    }

    @Test
    void provided_and_several_addresses_are_read() {
        assertThat(RegistryAddress.parse("etcd://a:2379,b:2379/prod"))
                .isEqualTo(new RegistryAddress.Provided("etcd", "//a:2379,b:2379/prod"))
                .hasToString("etcd://a:2379,b:2379/prod");
        assertThat(RegistryAddress.parse("file:instances.yaml")).hasToString("file:instances.yaml");
        String migration = "etcd://a:2379 + zookeeper://b:2181";
        assertThat(RegistryAddress.parse(migration)).hasToString(migration);
        String regions = "treaty://eu:7400 else treaty://us:7400 else file:last.yaml";
        assertThat(RegistryAddress.parse(regions))
                .hasToString(regions)
                .isEqualTo(new RegistryAddress.Several(
                        List.of(new Network("eu", 7400)),
                        Optional.of(new RegistryAddress.Several(
                                List.of(new Network("us", 7400)),
                                Optional.of(new RegistryAddress.Provided("file", "last.yaml"))))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Embedded",
                "http://host:7400",
                "etcd:",
                "consul://host:8500",
                "treaty:host",
                "treaty://",
                "treaty://:80",
                "treaty://host:",
                "treaty://host:0",
                "treaty://host:65536",
                "treaty://host:80/path",
                "treaty://host/path",
                "treaty://a:1,b:2",
                "treaty://::1",
                "treaty://[::1]x:80",
                "treaty://user@host:80"
            })
    void an_illegal_address_is_rejected_with_the_legal_forms(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RegistryAddress.parse(text))
                .withMessageContaining("\"" + Secrets.mask(text) + "\"")
                .withMessageContaining("write embedded, treaty://host:port");
    }
}
