package dev.treaty.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceEndpointTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "orders",
                "orders-1.shop.svc.cluster.local",
                "orders.example.com.",
                "my_container",
                "1password.com",
                "10.1.2.3",
                "127.0.0.1",
                "::1",
                "2001:db8::1",
                "fe80::1%eth0",
                "::ffff:10.1.2.3"
            })
    void names_and_addresses_of_one_machine_are_accepted(String host) {
        assertThat(new ServiceEndpoint("http", host, 80).host()).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "::",
                "0:0:0:0:0:0:0:0",
                "::0",
                "::ffff:0.0.0.0",
                "::%eth0",
                "255.255.255.255",
                "224.0.0.1",
                "ff02::1"
            })
    void addresses_that_are_not_of_one_machine_are_refused_R8(String host) {
        assertThatThrownBy(() -> new ServiceEndpoint("http", host, 80))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the host " + host)
                .hasMessageContaining("write the address or name at which clients reach it");
    }

    @ParameterizedTest
    @CsvSource({
        "300.1.1.1, four numbers from 0 to 255",
        "1.2.3, four numbers",
        "1.2.3.4.5, four numbers",
        "010.1.1.1, four numbers",
        "0, four numbers",
        "2130706433, four numbers",
        "0x7f000001, four numbers",
        "1.2.3.4:80, a port is written separately",
        "localhost:80, a port is written separately",
        "[::1], without brackets",
        "1:2:3, up to eight groups",
        "::1::2, up to eight groups",
        "a..b, letters",
        ".a, letters",
        "-a, letters",
        "a b, letters",
        "a/b, letters",
        "user@host, letters",
        "eth0%1, letters"
    })
    void what_is_no_host_is_refused_with_what_to_write_R8(String host, String message) {
        assertThatThrownBy(() -> new ServiceEndpoint("http", host, 80))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void a_message_has_no_control_characters_of_a_host() {
        assertThatThrownBy(() -> new ServiceEndpoint("http", "a\u001b]0;b", 80))
                .hasMessageContaining("the host a ]0;b cannot be used");
    }

    @Test
    void an_authority_has_brackets_around_ipv6() {
        assertThat(new ServiceEndpoint("http", "::1", 80)).hasToString("http://[::1]:80");
    }
}
