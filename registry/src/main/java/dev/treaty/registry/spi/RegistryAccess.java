package dev.treaty.registry.spi;

import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * With what an engine lets us in: options of its address that name files, so that no secret stands in a configuration,
 * a command line or a log.
 *
 * <pre>
 * etcd://10.0.0.1:2379?user=shop&amp;password-file=/run/secrets/etcd&amp;ca=/etc/treaty/ca.pem
 * </pre>
 *
 * @param user who we are, where the engine asks for a password
 * @param passwordFile where the password stands; white space at its end does not count
 * @param ca PEM of those who may have signed the engine's certificate; with it, connections are encrypted
 * @param certificate PEM of our own certificate, where the engine asks for one
 * @param key PEM of its private key, PKCS #8
 */
public record RegistryAccess(
        Optional<String> user,
        Optional<Path> passwordFile,
        Optional<Path> ca,
        Optional<Path> certificate,
        Optional<Path> key) {
    /** The names of the options. */
    public static final Set<String> OPTIONS = Set.of("user", "password-file", "ca", "certificate", "key");

    /** @throws IllegalArgumentException where one is given without another that belongs to it */
    public RegistryAccess {
        if (user.isPresent() != passwordFile.isPresent()) {
            throw new IllegalArgumentException("user and password-file belong together: give both or neither");
        }
        if (certificate.isPresent() != key.isPresent()) {
            throw new IllegalArgumentException("certificate and key belong together: give both or neither");
        }
        if (certificate.isPresent() && ca.isEmpty()) {
            throw new IllegalArgumentException("a certificate needs ca too, so that the connection is encrypted");
        }
    }

    /**
     * What an address says.
     *
     * @throws IllegalArgumentException where it has another option, or one without what belongs to it
     */
    public static RegistryAccess of(RegistryAddress.Provided address) {
        var options = address.options(OPTIONS);
        return new RegistryAccess(
                Optional.ofNullable(options.get("user")),
                Optional.ofNullable(options.get("password-file")).map(Path::of),
                Optional.ofNullable(options.get("ca")).map(Path::of),
                Optional.ofNullable(options.get("certificate")).map(Path::of),
                Optional.ofNullable(options.get("key")).map(Path::of));
    }

    /**
     * The password, read anew each time.
     *
     * @throws IllegalArgumentException where the file cannot be read
     */
    public Optional<String> password() {
        return passwordFile.map(file -> {
            try {
                return Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
            } catch (IOException e) {
                throw new IllegalArgumentException("password-file " + file + " cannot be read: " + e.getMessage(), e);
            }
        });
    }
}
