package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls over TLS, between real sockets. */
class TlsTest {
    private static final String NAME = Running.CONTRACT.name().value();

    private static Running running(TestTls server, TestTls client) {
        return new Running(HttpServerOptions.STANDARD, HttpTransportOptions.STANDARD, server, client);
    }

    private static Fault fault(Running running) {
        try {
            running.client().last();
            return Fault.of(Code.UNKNOWN, "it succeeded");
        } catch (ServiceException e) {
            return e.fault();
        }
    }

    @Test
    void a_call_succeeds_with_certificates_on_both_sides() {
        try (Running running = running(TestTls.of(NAME), TestTls.of("shop.Web"))) {
            assertThat(running.server.endpoint().protocol()).isEqualTo("https");
            for (int i = 0; i < 10; i++) {
                assertThat(running.client().last()).isEmpty();
            }
        }
    }
}
