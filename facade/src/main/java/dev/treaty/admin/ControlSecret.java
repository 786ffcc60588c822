package dev.treaty.admin;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Proves that a caller of {@link dev.treaty.Control} is the user that runs the process: both read the same file, which
 * no other user can read. A client creates it if it does not exist; a server only reads it. The secret itself is never
 * sent: the header has a digest of it and of the port, so that another process cannot use what it receives.
 */
public final class ControlSecret {
    private static final String HEADER = "authorization";
    private static final String SCHEME = "Treaty ";
    private static final String ALGORITHM = "HmacSHA256";
    private static final int SECRET_BYTES = 32;

    private final Path file;

    /** A secret in a file. */
    public ControlSecret(Path file) {
        this.file = file;
    }

    /** The secret of the user that runs this process: {@code .treaty/control-secret} in the home directory. */
    public static ControlSecret ofUser() {
        return new ControlSecret(Path.of(System.getProperty("user.home"), ".treaty", "control-secret"));
    }

    /** Returns a filter that rejects calls of other users to the server at an endpoint. */
    public Filter filter(ServiceEndpoint endpoint) {
        return (call, next) -> {
            byte[] given = call.context().headers().get(HEADER).orElse("").getBytes(StandardCharsets.UTF_8);
            try {
                byte[] expected = proof(read(), endpoint.port()).getBytes(StandardCharsets.UTF_8);
                return MessageDigest.isEqual(given, expected) ? next.handle(call) : rejected("does not prove that");
            } catch (NoSuchFileException e) {
                return rejected("has not created it");
            } catch (IOException e) {
                return rejected("cannot: " + e.getMessage());
            }
        };
    }

    private ServiceResponse<?> rejected(String problem) {
        return ServiceResponse.failed(Fault.unreached(
                Code.PERMISSION_DENIED,
                "only the user that runs this process can change it, who can read " + file + "; the caller " + problem
                        + ": use \"treaty guards\" as that user"));
    }

    /**
     * Returns the headers that prove to the server at an endpoint that this process has the same user.
     *
     * @throws ServiceException if the file can be neither read nor created
     */
    public Headers headers(ServiceEndpoint endpoint, RandomGenerator secrets) {
        try {
            create(secrets);
            return Headers.of(HEADER, proof(read(), endpoint.port()));
        } catch (IOException e) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED,
                    "the secret " + file + " can be neither read nor created: " + e.getMessage());
        }
    }

    private void create(RandomGenerator secrets) throws IOException {
        if (Files.exists(file)) {
            return;
        }
        Path directory = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        byte[] secret = new byte[SECRET_BYTES];
        secrets.nextBytes(secret);
        Path whole = Files.createTempFile(directory, "control", ".new"); // only the owner can read it
        try {
            Files.writeString(whole, HexFormat.of().formatHex(secret));
            Files.createLink(file, whole); // at once, unless another process was faster
        } catch (FileAlreadyExistsException e) {
            // that of the other process
        } finally {
            Files.delete(whole);
        }
    }

    private String read() throws IOException {
        for (PosixFilePermission permission : Files.getPosixFilePermissions(file)) {
            if (!permission.name().startsWith("OWNER_")) {
                throw new IOException(file + " must be readable by its owner only");
            }
        }
        return Files.readString(file);
    }

    private static String proof(String secret, int port) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            byte[] digest = mac.doFinal(("control " + port).getBytes(StandardCharsets.UTF_8));
            return SCHEME + HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }
}
