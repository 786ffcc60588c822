package dev.treaty.core.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, 11.0.0.0",
        "10.128.0.0/9, 10.128.0.0, 10.127.255.255",
        "192.0.2.128/25, 192.0.2.255, 192.0.2.127",
        "192.0.2.1, 192.0.2.1, 192.0.2.0",
        "192.0.2.2/31, 192.0.2.3, 192.0.2.4",
        "0.0.0.0/0, 255.255.255.255, ::",
        "fd00::/8, fdff::1, fe00::",
        "2001:db8::/33, 2001:db8:7fff::1, 2001:db8:8000::",
        "::1, ::1, ::2",
        "::ffff:10.1.2.3, 10.1.2.3, ::10.1.2.3"
    })
    void a_range_contains_the_addresses_that_begin_with_its_bits(String range, String inside, String outside) {
        assertThat(AddressRange.of(range).contains(InetAddress.ofLiteral(inside)))
                .isTrue();
        assertThat(AddressRange.of(range).contains(InetAddress.ofLiteral(outside)))
                .isFalse();
        assertThat(AddressRange.of(AddressRange.of(range).toString())).isEqualTo(AddressRange.of(range));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/8",
                "localhost",
                "10",
                "10.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/08",
                "10.0.0.0/8/8",
                "010.0.0.0",
                "10.0.0.256",
                " 10.0.0.0",
                "fd00::/129",
                "[fd00::]/8",
                "fe80::1%eth0",
                "::ffff:10.0.0.0/104",
                ":::",
                "10.0.0.1/8",
                "fd00::1/8"
            })
    void what_is_no_network_is_refused(String text) {
        assertThatThrownBy(() -> AddressRange.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(".* is (not a network: write|an address within a network: write) .*");
    }
}
