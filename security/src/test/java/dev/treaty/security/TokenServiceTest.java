package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.Token;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import dev.treaty.security.TokenProtocol.ApiKey;
import dev.treaty.security.TokenProtocol.CreatedKey;
import dev.treaty.security.TokenProtocol.Issued;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TokenServiceTest {
    private static final List<String> ORDERS = List.of("shop.Orders");

    private final ManualTime time = new ManualTime();
    private TokenService service;
    private TokenFollower follower;
    private TokenAuthenticator authenticator;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        open(IssuePolicy.STANDARD);
    }

    private void open(IssuePolicy policy) throws IOException {
        service = new TokenService(tokens(), policy, time, Events.NONE, RandomSource.secure());
        follower = new TokenFollower(service, time, Events.NONE, new Random(1)).started();
        authenticator = new TokenAuthenticator(
                TokenPolicy.own(Set.of("shop.Orders")),
                Optional.of(follower),
                Optional.of(service),
                time,
                Events.NONE,
                _ -> {});
        until(() -> follower.staleness().isPresent());
    }

    @AfterEach
    void stop() throws Exception {
        authenticator.close();
        follower.close();
        service.close();
    }

    private void reopen(IssuePolicy policy) throws Exception {
        stop();
        open(policy);
    }

    private Path tokens() {
        return directory.resolve("tokens");
    }

    /** Waits in real time, while the manual clock stands still. */
    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    private Issued issue(String subject) {
        return service.issue(
                subject, ORDERS, 3_600, Optional.of(List.of("operator")), Optional.of(Map.of("team", "a")));
    }

    private boolean accepts(String secret) {
        try {
            authenticator.validate(secret);
            return true;
        } catch (ServiceException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void an_issued_token_proves_its_subject_roles_and_claims() throws Exception {
        Issued issued = issue("alice");
        Token token = authenticator.validate(issued.token());
        assertThat(token.subject()).isEqualTo("alice");
        assertThat(token.id()).isEqualTo(issued.id());
        assertThat(token.audience()).containsExactly("shop.Orders");
        assertThat(token.expiresAt()).isEqualTo(time.instant().plusSeconds(3_600));
        assertThat(token.principal().proof()).isEqualTo(Principal.Proof.TOKEN);
        assertThat(token.principal().roles()).containsExactly("operator");
        assertThat(token.principal().claims()).containsEntry("team", "a");
        assertThat(issued.toString() + token).doesNotContain(issued.token());
        Authentication again = authenticator.check(Credentials.of(issued.token()));
        assertThat(again).isEqualTo(new Authentication.Accepted(token.principal()));
    }

    @Test
    void an_invalid_token_is_refused_beside_a_certificate_and_a_certificate_alone_is_proof() throws Exception {
        var peer = new PeerIdentity(List.of("spiffe://x/shop.Web"), "shop.Web", Instant.MAX);
        assertThat(authenticator.check(new Credentials("x", peer, "bob", Optional.empty())))
                .isInstanceOf(Authentication.Refused.class);
        assertThat(authenticator.check(new Credentials("", peer, "bob", Optional.empty())))
                .isEqualTo(new Authentication.Accepted(Principal.proven("shop.Web", Principal.Proof.CERTIFICATE)));
        assertThat(authenticator
                        .authenticate(new Credentials("", peer, "", Optional.empty()))
                        .type())
                .isEqualTo(Principal.Proof.CERTIFICATE);
        Credentials none = new Credentials("", PeerIdentity.NONE, "bob", Optional.empty());
        assertThat(authenticator.check(none)).isEqualTo(new Authentication.Accepted(Principal.ANONYMOUS));
        assertThatThrownBy(() -> authenticator.authenticate(none)).hasMessageContaining("credentials are needed");
    }

    @Test
    void a_revoked_token_is_refused_at_once_in_spite_of_the_cache_with_all_that_were_refreshed_from_it()
            throws Exception {
        Issued first = issue("alice");
        Issued other = issue("bob");
        Token refreshed = authenticator.refresh(authenticator.validate(first.token()));
        assertThat(refreshed.subject()).isEqualTo("alice");
        String second = refreshed.text().orElseThrow();
        assertThat(accepts(first.token()) && accepts(second) && accepts(other.token()))
                .isTrue();
        service.revoke(refreshed.id());
        until(() -> follower.size() == 1);
        assertThat(accepts(first.token())).isFalse();
        assertThat(accepts(second)).isFalse();
        assertThat(accepts(other.token())).isTrue();
        assertThatThrownBy(() -> service.refresh(second)).hasMessageContaining("the credentials are not valid");
    }

    @Test
    void a_token_ends_at_its_expiry_in_spite_of_the_cache_and_is_refreshed_until_its_total_lifetime_is_over()
            throws Exception {
        reopen(new IssuePolicy(Duration.ofHours(1), Duration.ofMinutes(100), Duration.ofDays(30), 10, 10));
        Issued issued = issue("alice");
        assertThat(accepts(issued.token())).isTrue();
        time.advance(Duration.ofSeconds(3_600 + 59));
        assertThat(accepts(issued.token())).isTrue();
        Issued second = service.refresh(issued.token());
        time.advance(Duration.ofSeconds(2));
        assertThat(accepts(issued.token())).isFalse();
        assertThat(accepts(second.token())).isTrue();
        assertThat(second.expiresAt()).isBefore(time.instant().plusSeconds(3_600));
        time.advance(Duration.ofMinutes(40));
        assertThatThrownBy(() -> service.refresh(second.token())).hasMessageContaining("the credentials are not valid");
    }

    @Test
    void keys_rotate_while_tokens_are_checked_and_none_is_refused() throws Exception {
        List<String> valid = new ArrayList<>(List.of(issue("alice").token()));
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            time.advance(Duration.ofMinutes(10));
            String before = service.jwks();
            keys.add(service.rotate());
            assertThat(before).contains(keys); // published before it signs
            assertThatThrownBy(service::rotate)
                    .extracting(e -> ((ServiceException) e).code())
                    .isEqualTo(Code.FAILED_PRECONDITION);
            valid.add(issue("alice").token());
            for (String token : valid) {
                assertThat(accepts(token)).isTrue();
            }
        }
        assertThat(keys).hasSize(5);
        time.advance(Duration.ofDays(2));
        until(() -> service.jwks().split("\"kid\"").length == 3); // the old ones have ended
        assertThat(service.jwks()).doesNotContain("\"d\"");
    }

    @Test
    void keys_rotate_by_themselves() throws Exception {
        String before = service.jwks();
        time.advance(Duration.ofDays(30).plusSeconds(1));
        until(() -> !service.jwks().equals(before));
        assertThat(accepts(issue("alice").token())).isTrue();
    }

    @Test
    void an_api_key_is_accepted_until_it_is_revoked_or_expires() throws Exception {
        CreatedKey key = service.createKey("partner", Optional.of(List.of("reader")), 60);
        CreatedKey second = service.createKey("partner", Optional.empty(), 600);
        until(() -> follower.size() == 2);
        assertThat(key.key()).matches("treaty_[A-Za-z0-9]{16}_[A-Za-z0-9]{43}");
        assertThat(key.toString()).doesNotContain(key.key());
        Token token = authenticator.validate(key.key());
        assertThat(token.principal())
                .isEqualTo(new Principal("partner", Principal.Proof.API_KEY, Set.of("reader"), Map.of()));
        String text = key.key();
        char last = text.charAt(text.length() - 1) == 'x' ? 'y' : 'x';
        assertThat(accepts(text.substring(0, text.length() - 1) + last)).isFalse();
        assertThat(accepts(text + "x")).isFalse();
        assertThat(accepts("treaty_")).isFalse();
        assertThat(accepts("treaty_" + second.id() + text.substring(text.lastIndexOf('_'))))
                .isFalse();
        assertThat(accepts(second.key())).isTrue();
        service.revokeKey(second.id());
        until(() -> follower.apiKey(second.id()).isEmpty());
        assertThat(accepts(second.key())).isFalse();
        assertThat(service.list("", 10)).extracting(ApiKey::id).containsExactly(key.id());
        time.advance(Duration.ofSeconds(60));
        assertThat(accepts(text)).isFalse();
    }

    @Test
    void everything_survives_a_restart_and_secrets_of_api_keys_are_not_stored() throws Exception {
        Issued alice = issue("alice");
        Issued bob = issue("bob");
        CreatedKey key = service.createKey("partner", Optional.empty(), 600);
        CreatedKey revoked = service.createKey("partner", Optional.empty(), 600);
        service.revoke(bob.id());
        service.revokeKey(revoked.id());
        reopen(IssuePolicy.STANDARD);
        assertThat(accepts(alice.token()) && accepts(key.key())).isTrue();
        assertThat(accepts(bob.token()) || accepts(revoked.key())).isFalse();
        String stored = Files.readString(tokens().resolve("records.journal"));
        assertThat(stored)
                .contains(key.id())
                .doesNotContain(key.key().substring(key.key().lastIndexOf('_') + 1));
    }

    @Test
    void a_line_that_was_being_written_is_dropped_and_damage_is_an_error() throws Exception {
        Issued bob = issue("bob");
        service.revoke(bob.id());
        stop();
        Path journal = tokens().resolve("records.journal");
        Files.writeString(journal, "{\"revision\":99,\"rev", StandardOpenOption.APPEND);
        open(IssuePolicy.STANDARD);
        assertThat(accepts(bob.token())).isFalse();
        stop();
        Files.writeString(journal, "damage\n", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> open(IssuePolicy.STANDARD)).hasMessageContaining("is damaged");
        Files.writeString(journal, Files.readString(journal).replace("damage\n", ""));
        open(IssuePolicy.STANDARD);
    }

    @Test
    void a_directory_belongs_to_one_process_and_one_user() throws Exception {
        assertThatThrownBy(() ->
                        new TokenService(tokens(), IssuePolicy.STANDARD, time, Events.NONE, RandomSource.secure()))
                .hasMessageContaining("in use by another process");
        try (var files = Files.list(tokens())) {
            assertThat(files.map(TokenServiceTest::permissions)).containsOnly("rw-------");
        }
        stop();
        Path keys = tokens().resolve("signing-keys.json");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> open(IssuePolicy.STANDARD)).hasMessageContaining("owner only");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
        open(IssuePolicy.STANDARD);
    }

    private static String permissions(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void limits_are_enforced() throws Exception {
        reopen(new IssuePolicy(Duration.ofHours(1), Duration.ofHours(2), Duration.ofDays(1), 2, 2));
        for (int i = 0; i < 2; i++) {
            service.createKey("partner", Optional.empty(), 60);
            service.revoke("id" + i);
        }
        assertThat(code(() -> service.createKey("partner", Optional.empty(), 60)))
                .isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(code(() -> service.revoke("id3"))).isEqualTo(Code.RESOURCE_EXHAUSTED);
        service.revoke("id1"); // again
        assertThat(code(() -> service.revoke("../x"))).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(code(() -> service.issue("a", ORDERS, 3_601, Optional.empty(), Optional.empty())))
                .isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(code(() -> service.issue("a", List.of(), 60, Optional.empty(), Optional.empty())))
                .isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(code(() -> service.issue("a\n", ORDERS, 60, Optional.empty(), Optional.empty())))
                .isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(code(() -> service.issue("a", ORDERS, 60, Optional.empty(), Optional.of(Map.of("sub", "b")))))
                .isEqualTo(Code.INVALID_ARGUMENT);
        time.advance(Duration.ofHours(3)); // the revocations have ended
        until(() -> code(() -> service.revoke("id4")) == null);
    }

    private static @Nullable Code code(Runnable call) {
        try {
            call.run();
            return null;
        } catch (ServiceException e) {
            return e.code();
        }
    }

    @Test
    void a_follower_gets_thousands_of_changes_in_pages_and_keeps_them_while_the_service_is_away() throws Exception {
        for (int i = 0; i < 2_500; i++) {
            service.revoke("id" + i);
        }
        CreatedKey key = service.createKey("partner", Optional.empty(), 6_000);
        until(() -> follower.size() == 2_501);
        var away = new AtomicBoolean();
        var asked = new AtomicInteger();
        TokenProtocol unreliable = UnreliableService.of(service, away, asked);
        try (var second = new TokenFollower(unreliable, time, Events.NONE, new Random(2)).started()) {
            until(() -> second.size() == 2_501);
            assertThat(asked.get()).isGreaterThanOrEqualTo(3);
            away.set(true);
            service.revoke("last");
            time.advance(Duration.ofSeconds(5));
            until(() -> time.sleepers() >= 3);
            time.advance(Duration.ofSeconds(60));
            assertThat(second.apiKey(key.id())).isPresent();
            assertThat(second.staleness().orElseThrow()).isGreaterThanOrEqualTo(Duration.ofSeconds(60));
            away.set(false);
            until(() -> {
                if (time.sleepers() >= 3) { // both followers and the service wait
                    time.advance(Duration.ofSeconds(1));
                }
                return second.size() == 2_502;
            });
        }
    }

    @Test
    void a_server_that_has_never_reached_the_service_says_so() throws Exception {
        TokenFollower never = new TokenFollower(service, time, Events.NONE, new Random(1)); // not started
        var unready = new TokenAuthenticator(
                TokenPolicy.own(Set.of("shop.Orders")),
                Optional.of(never),
                Optional.empty(),
                time,
                Events.NONE,
                _ -> {});
        Issued issued = issue("alice");
        var result = new AtomicLong();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                unready.validate(issued.token());
            } catch (ServiceException e) {
                result.set(e.code().httpStatus());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        until(() -> {
            time.advance(Duration.ofMillis(100));
            return !caller.isAlive();
        });
        assertThat(result.get()).isEqualTo(Code.UNAVAILABLE.httpStatus());
        assertThat(code(() -> check(unready))).isEqualTo(Code.UNAVAILABLE);
    }

    private static void check(TokenAuthenticator authenticator) {
        try {
            authenticator.validate("treaty_x");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void what_was_answered_survives_the_kill_of_the_process() throws Exception {
        Path killed = directory.resolve("killed");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path")
                                + System.getProperty("path.separator")
                                + System.getProperty("jdk.module.path", ""),
                        RevokingProcess.class.getName(),
                        killed.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> answered = new ArrayList<>();
        try (var lines = process.inputReader()) {
            while (answered.size() < 40) {
                answered.add(Objects.requireNonNull(lines.readLine()));
            }
            process.toHandle().destroyForcibly(); // leaves the stream open
            lines.lines()
                    .filter(line -> line.length() == answered.getFirst().length())
                    .forEach(answered::add);
        }
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        try (var again = new TokenService(killed, IssuePolicy.STANDARD, time, Events.NONE, RandomSource.secure())) {
            String stored = Files.readString(killed.resolve("records.journal"));
            assertThat(answered).allMatch(stored::contains);
            assertThat(again.jwks()).contains("kid");
        }
    }

    /** Revokes tokens until it is killed, and prints the ids. */
    static final class RevokingProcess {
        private RevokingProcess() {}

        public static void main(String[] arguments) throws Exception {
            var service = new TokenService(
                    Path.of(arguments[0]), IssuePolicy.STANDARD, new ManualTime(), Events.NONE, RandomSource.secure());
            for (int i = 10_000; i < 100_000; i++) {
                service.revoke("id" + i);
                System.out.println("id" + i);
            }
            new CountDownLatch(1).await();
        }
    }
}
