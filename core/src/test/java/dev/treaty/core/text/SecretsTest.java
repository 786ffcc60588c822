package dev.treaty.core.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "etcd://root:hunter2@10.0.0.1:2379",
                "etcd:/root:hunter2@10.0.0.1:2379",
                "etcd:root:hunter2@10.0.0.1",
                "root:hunter2@10.0.0.1:2379",
                "treaty://hunter2@host",
                "amqp://user:p@ss/hunter2@host/vhost",
                "jdbc:postgresql://db/shop?user=app&password=hunter2",
                "jdbc:sqlserver://db;user=app;password=hunter2;x=y",
                "jdbc:oracle:thin:scott/hunter2@db:1521",
                "could not connect with PGPASSWORD=hunter2",
                "{\"password\":\"hunter2\"}",
                "db.password: hunter2",
                "https://host/x?access_token=hunter2&y=1",
                "api-key = 'hunter2'",
                "Authorization: Bearer hunter2hunter2",
                "header Bearer hunter2hunter2 is refused",
                "-Ddb.pwd=hunter2"
            })
    void secrets_are_masked_W12(String text) {
        assertThat(Secrets.mask(text)).contains(Secrets.MASK).doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "etcd://10.0.0.1:2379?user=shop&password-file=/run/secrets/etcd&ca=/etc/ca.pem",
                "treaty://127.0.0.1:7400",
                "the token has 300 characters: use 8 to 256",
                "an invalid token: it is too short",
                "mail to ann@example.org",
                "shop.Orders/get failed with unavailable: 3 of 4 attempts at orders-1@10.0.0.1",
                "file:/home/ann/instances.yaml",
                "breaker of shop.Orders at a went from closed to open: 5 of 10 calls failed"
            })
    void other_text_is_kept_W12(String text) {
        assertThat(Secrets.mask(text)).isEqualTo(text);
    }

    @Test
    void names_of_secrets_are_recognized_W12() {
        assertThat(new String[] {"db.password", "DB_PASSWORD", "apiKey", "server.metadata.token", "DBPASS", "pwd2"})
                .allMatch(Secrets::isSecretName);
        assertThat(new String[] {"password-file", "server.port", "tokens-max", "registry", "compass-rose"})
                .noneMatch(Secrets::isSecretName);
    }

    @Test
    void a_failure_is_logged_without_the_secrets_of_its_causes_W12() {
        var cause = new IOException("no route to jdbc:postgresql://app:hunter2@db/shop");
        var failure = new IllegalStateException("no \u001b[2Jprice", cause);
        failure.addSuppressed(new IllegalArgumentException("password=hunter2", failure));
        var printed = new StringWriter();
        Secrets.mask(failure).printStackTrace(new PrintWriter(printed, true));
        assertThat(printed.toString())
                .doesNotContain("hunter2", "\u001b")
                .contains("java.lang.IllegalStateException: no  [2Jprice", "Caused by: java.io.IOException: no route")
                .contains("SecretsTest.a_failure_is_logged");

        var clean = new IllegalStateException("x", new IllegalArgumentException());
        assertThat(Secrets.mask(clean)).isSameAs(clean);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a:", "a.", "://", "password", "token=", "\"", "ab@", "bearer "})
    void a_large_text_is_masked_in_time_that_grows_with_its_size_W12(String part) {
        String text = part.repeat(200_000) + " root:hunter2@host ";
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> Secrets.mask(text));
    }
}
