package dev.treaty.registry.spi;

import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The credentials and certificates for a backend. The options of an address name files, so that no secret is in a
 * configuration, a command line or a log.
 *
 * <pre>
 * etcd://10.0.0.1:2379?user=shop&amp;password-file=/run/secrets/etcd&amp;ca=/etc/treaty/ca.pem
 * </pre>
 *
 * @param user user name, if the backend requires a password
 * @param passwordFile file with the password; trailing white space is ignored
 * @param ca PEM file of the authorities that signed the backend's certificate; enables TLS
 * @param certificate PEM file of the client certificate, if the backend requires one
 * @param key PEM file of its private key, PKCS #8
 */
public record RegistryAccess(
        Optional<String> user,
        Optional<Path> passwordFile,
        Optional<Path> ca,
        Optional<Path> certificate,
        Optional<Path> key) {
    /** The names of the options. */
    public static final Set<String> OPTIONS = Set.of("user", "password-file", "ca", "certificate", "key");

    /** @throws IllegalArgumentException if an option is missing that another one requires */
    public RegistryAccess {
        together("user", user, "password-file", passwordFile);
        together("certificate", certificate, "key", key);
        if (certificate.isPresent() && ca.isEmpty()) {
            throw new IllegalArgumentException("a certificate needs ca too, so that the connection is encrypted");
        }
    }

    private static void together(String name, Optional<?> option, String otherName, Optional<?> other) {
        if (option.isPresent() != other.isPresent()) {
            throw new IllegalArgumentException(name + " and " + otherName + " belong together: give both or neither");
        }
    }

    /**
     * Reads the options of an address.
     *
     * @throws IllegalArgumentException if there are other options, or one is missing that another one requires
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
     * Reads the password from its file.
     *
     * @throws IllegalArgumentException if the file cannot be read
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
