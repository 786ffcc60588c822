package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenProtocol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecurityTest {
    @Contract(name = "shop.Orders", version = "1.0.0")
    interface Orders {
        @Idempotent
        String caller();

        @Idempotent
        String secret();
    }

    private static final String RULES = """
        roles: {operator: [alice]}
        rules:
          cart-reads: {callers: [shop.Cart, carol], services: [shop.Orders], operations: [caller]}
        """;

    @TempDir
    private Path directory;

    private CertificateAuthority authority;
    private final Deque<Treaty> open = new ArrayDeque<>();
    private String registry = "embedded";

    @BeforeEach
    void startRegistry() throws Exception {
        authority = CertificateAuthority.create(directory.resolve("certs"), "treaty.local", Time.system());
        Treaty served = open("treaty", "");
        served.serveRegistry();
        registry = "treaty://127.0.0.1:" + served.endpoint().orElseThrow().port();
        Treaty orders = open("shop.Orders", "");
        orders.serve(Orders.class, new Orders() {
            @Override
            public String caller() {
                Principal caller = CallContext.current().orElseThrow().caller();
                return caller.name() + " by " + caller.proof().text();
            }

            @Override
            public String secret() {
                return "secret";
            }
        });
    }

    @AfterEach
    void close() {
        open.forEach(Treaty::close);
    }

    private Treaty open(String identity, String client) throws Exception {
        Path certs = directory.resolve("certs");
        if (!Files.exists(certs.resolve(identity + ".pem"))) {
            authority.write(CertificateRequest.of(identity));
        }
        Settings settings = Settings.parse(
                "test",
                """
                name: pretended
                registry: %s
                server: {drain: 100ms}
                security:
                  enabled: true
                  certificate: %s
                  key: %s
                  authorities: %s
                  revocations: %s
                  tokens: {directory: %s}
                %s%s
                """.formatted(
                                registry,
                                certs.resolve(identity + ".pem"),
                                certs.resolve(identity + ".key"),
                                certs.resolve("ca.pem"),
                                certs.resolve("ca.crl"),
                                directory.resolve("tokens"),
                                RULES.indent(2),
                                client.indent(2)),
                Map.of());
        Treaty treaty = Treaty.open(settings);
        open.push(treaty);
        return treaty;
    }

    @Test
    void a_caller_is_proven_by_its_certificate_and_rules_decide_what_it_may_do() throws Exception {
        Orders cart = open("shop.Cart", "").client(Orders.class);
        assertThat(cart.caller()).isEqualTo("shop.Cart by certificate");
        assertThatThrownBy(cart::secret).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(Code.PERMISSION_DENIED);
            assertThat(e.getMessage()).contains("shop.Cart may not call shop.Orders/secret");
        });
        Orders stranger = open("shop.Stranger", "").client(Orders.class);
        assertThatThrownBy(stranger::caller)
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.PERMISSION_DENIED));
    }

    @Test
    void a_service_cannot_be_served_by_another_identity() throws Exception {
        Treaty thief = open("shop.Stranger", "");
        assertThatThrownBy(() -> thief.serve(Orders.class, new Orders() {
                    @Override
                    public String caller() {
                        return "stolen";
                    }

                    @Override
                    public String secret() {
                        return "stolen";
                    }
                }))
                .hasMessageContaining("shop.Stranger may not");
    }

    @Test
    void an_operator_issues_a_token_that_proves_its_subject_until_it_is_revoked() throws Exception {
        Treaty alice = open("alice", "");
        ServiceEndpoint endpoint = registryEndpoint();
        TokenProtocol.Issued issued;
        try (var tokens = alice.direct(TokenProtocol.class, endpoint)) {
            issued = tokens.client().issue("carol", List.of("shop.Orders"), 600, Optional.empty(), Optional.empty());
        }
        Path file = Files.writeString(directory.resolve("token"), issued.token());
        Orders carol =
                open("shop.Stranger", "client: {token-file: " + file + "}").client(Orders.class);
        Patient.until("the token is known", () -> {
            try {
                return carol.caller().equals("carol by token");
            } catch (ServiceException e) {
                return false;
            }
        });
        try (var tokens = alice.direct(TokenProtocol.class, endpoint)) {
            tokens.client().revoke(issued.id());
        }
        Patient.until("the token is refused", () -> {
            try {
                carol.caller();
                return false;
            } catch (ServiceException e) {
                return e.code() == Code.UNAUTHENTICATED;
            }
        });
    }

    @Test
    void others_than_operators_issue_no_tokens_and_drain_nothing() throws Exception {
        Treaty cart = open("shop.Cart", "");
        try (var tokens = cart.direct(TokenProtocol.class, registryEndpoint())) {
            assertThatThrownBy(() -> tokens.client()
                            .issue("carol", List.of("shop.Orders"), 600, Optional.empty(), Optional.empty()))
                    .isInstanceOfSatisfying(
                            ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.PERMISSION_DENIED));
        }
        var instance = cart.registry().lookup(new ServiceName("shop.Orders")).getFirst();
        assertThatThrownBy(() -> cart.registry().drain(instance, true, java.time.Duration.ZERO))
                .hasMessageContaining("may not");
    }

    private ServiceEndpoint registryEndpoint() {
        return new ServiceEndpoint("https", "127.0.0.1", Integer.parseInt(registry.replaceAll(".*:", "")));
    }
}
