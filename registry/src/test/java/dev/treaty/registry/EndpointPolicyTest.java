package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.text.AddressRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointPolicyTest {
    private static final EndpointPolicy POLICY = EndpointPolicy.DEFAULT;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254", // metadata of AWS, Azure, Google Cloud, and others
                "169.254.170.2",
                "169.254.0.1",
                "fe80::1",
                "fe80::1%eth0",
                "FE80::ABCD",
                "fd00:ec2::254",
                "FD00:0EC2:0:0:0:0:0:254",
                "100.100.100.200",
                "168.63.129.16",
                "metadata",
                "metadata.google.internal",
                "METADATA.google.internal.",
                "metadata.goog",
                "instance-data",
                "0.0.0.0",
                "0.1.2.3",
                "::",
                "224.0.0.1",
                "239.255.255.255",
                "255.255.255.255",
                "240.0.0.1",
                "ff02::1",
                "::ffff:169.254.169.254",
                "::ffff:a9fe:a9fe",
                "0:0:0:0:0:ffff:a9fe:a9fe",
                "::169.254.169.254",
                "64:ff9b::169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::1",
                "2852039166",
                "0xa9fea9fe",
                "0xA9.0xFE.0xA9.0xFE",
                "0251.0376.0251.0376",
                "169.254.43518",
                "169.16689662",
                "[fe80::1]",
                "[::ffff:169.254.169.254]",
                "2130706433",
                "0x7f.1",
                "127.1",
                "fec0:zz::1",
                "",
            })
    void is_refused_wherever_it_comes_from(String host) {
        assertThat(POLICY.refuses(host, false)).as(host).isPresent();
        assertThat(POLICY.refuses(host, true)).as(host).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.0.9",
                "::1",
                "0:0:0:0:0:0:0:1",
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "localhost",
                "LocalHost.",
                "a.localhost",
                "localhost.localdomain",
                "ip6-localhost",
            })
    void is_refused_unless_the_registrant_is_on_the_same_machine(String host) {
        assertThat(POLICY.refuses(host, false)).as(host).isPresent();
        assertThat(POLICY.refuses(host, true)).as(host).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1",
                "192.168.1.1",
                "172.16.0.1",
                "8.8.8.8",
                "169.253.255.255",
                "169.255.0.1",
                "2001:db8::1",
                "fd12:3456::1",
                "::ffff:10.0.0.1",
                "orders.shop.svc",
                "orders-1",
                "localhost.shop.example",
                "metadata.shop.example",
                "a1b2c3.shop",
            })
    void is_accepted(String host) {
        assertThat(POLICY.refuses(host, false)).as(host).isEmpty();
    }

    @Test
    void networks_can_be_allowed_and_denied_and_denied_ones_are_stronger() {
        var policy = new EndpointPolicy(
                List.of(AddressRange.of("169.254.10.0/24"), AddressRange.of("10.0.0.0/8")),
                List.of(AddressRange.of("10.0.0.0/24")));
        assertThat(policy.refuses("169.254.10.3", false)).isEmpty();
        assertThat(policy.refuses("169.254.11.3", false)).isPresent();
        assertThat(policy.refuses("10.0.0.9", false)).isPresent();
        assertThat(policy.refuses("::ffff:10.0.0.9", false)).isPresent();
        assertThat(policy.refuses("10.0.1.9", false)).isEmpty();
    }
}
