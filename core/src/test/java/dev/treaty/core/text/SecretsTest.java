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
                "-Ddb.pwd=hunter2",
                "etcd://root:hun,ter,hunter2@host:1",
                "jörg:hunter2@host",
                "redis://:hunter2@host:6379",
                "{\"password\": 1234, \"apiToken\": \"a\\\"hunter2\"}",
                "{\\\"password\\\":\\\"hunter2\\\"}",
                "{\"headers\":{\"authorization\":[\"Bearer hunter2\"]}}",
                "{Authorization=[Bearer hunter2hunter2]}",
                "Authorization: ApiKey hunter2",
                "Authorization: Digest username=\"a\", response=\"hunter2\"",
                "Proxy-Authorization: Negotiate hunter2",
                "Set-Cookie: SID=1; Path=/hunter2",
                "X-Api-Key: hunter2",
                "authToken: hunter2",
                "DB_PASS: hunter2",
                "secretKey=hunter2",
                "DefaultEndpointsProtocol=https;AccountKey=hunter2;EndpointSuffix=x",
                "https://h/blob?sv=1&sig=hunter2",
                "X-Amz-Signature=hunter2",
                "passcode => hunter2",
                "access_token\\u003dhunter2",
                "java -jar a.jar --db-password hunter2",
                "[--token, hunter2]",
                "<db><password>hunter2</password></db>",
                "a token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.hunter2",
                "an API key treaty_0123456789abcdef_ABCDEFhunter2ABCDEFGHIJKLMNOPQRSTUVWXYZ0123",
                "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----"
            })
    void secrets_are_masked_W12(String text) {
        assertThat(Secrets.mask(text)).contains(Secrets.MASK).doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres://app:%s@db/shop", "{\"password\":\"%s\"}", "password='%s'", "secret_key=%s"})
    void long_secrets_are_masked_W12(String text) {
        assertThat(Secrets.mask(text.formatted("hunter2".repeat(2_000)))).doesNotContain("hunter2");
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
        assertThat(new String[] {"aws.secretKey", "storage.account-key", "signing_key", "SESSION_COOKIE", "a\npassword"
                })
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

    @Test
    void a_failure_with_a_long_chain_or_text_or_broken_code_is_still_logged_W12() {
        Throwable chain = new IOException("password=hunter2");
        for (int i = 0; i < 20_000; i++) {
            chain = new IllegalStateException("x".repeat(10), chain);
        }
        assertThat(Secrets.mask(chain)).hasToString("java.lang.IllegalStateException: xxxxxxxxxx");
        assertThat(Secrets.mask(new IOException("x".repeat(1_000_000))).toString())
                .hasSizeLessThan(5_000)
                .startsWith("java.io.IOException: x");
        var broken = new IllegalStateException() {
            @Override
            public String getMessage() {
                throw new UnsupportedOperationException();
            }
        };
        assertThat(Secrets.mask(new IOException("y", broken)).getCause())
                .hasToString(broken.getClass().getName());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "a:",
                "a.",
                "://",
                "password",
                "token=",
                "\"",
                "ab@",
                "bearer ",
                "a:b@",
                "password>",
                "cookie: ",
                "--pw ",
                "eyJa.",
                "secret:[",
                "pass\\\""
            })
    void a_large_text_is_masked_in_time_that_grows_with_its_size_W12(String part) {
        String text = part.repeat(200_000) + " root:hunter2@host ";
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> Secrets.mask(text));
    }
}
