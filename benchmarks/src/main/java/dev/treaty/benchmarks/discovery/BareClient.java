package dev.treaty.benchmarks.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client that watches a registry with a plain socket, and reads no more of an answer than the next request needs: the
 * time until it has a change is almost only the registry's.
 */
final class BareClient implements Subject.Client {
    private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]*)\"");
    private static final Pattern ASK_ON = Pattern.compile("^\\{\"epoch\":\"([^\"]*)\",\"revision\":(\\d+)");
    private static final String LENGTH = "content-length:";

    private final Subject.Client registrant;
    private final Socket socket;
    private volatile boolean closed;

    /** @param registrant registers on behalf of this one */
    BareClient(ServiceEndpoint registry, Subject.Client registrant) throws IOException {
        this.registrant = registrant;
        this.socket = new Socket(registry.host(), registry.port());
        socket.setTcpNoDelay(true);
    }

    @Override
    public AutoCloseable register(String id) throws IOException {
        return registrant.register(id);
    }

    @Override
    public void watch(Consumer<String> added) {
        Thread.ofVirtual().start(() -> follow(added));
    }

    private void follow(Consumer<String> added) {
        String watcher = UUID.randomUUID().toString();
        String epoch = "";
        String revision = "0";
        try {
            var in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            while (true) {
                String body = "{\"since\":{\"" + Subject.SERVICE + "\":" + revision + "},\"epoch\":\"" + epoch
                        + "\",\"watcher\":\"" + watcher + "\"}";
                String request = "POST /treaty.Registry/watch HTTP/1.1\r\nHost: registry\r\nContent-Type:"
                        + " application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
                socket.getOutputStream().write(request.getBytes(UTF_8));
                String news = answer(in);
                for (Matcher id = ID.matcher(news); id.find(); ) {
                    added.accept(id.group(1));
                }
                Matcher next = ASK_ON.matcher(news);
                if (!next.find()) {
                    throw new IOException("the registry answers " + news);
                }
                epoch = next.group(1);
                revision = next.group(2);
            }
        } catch (IOException e) {
            if (!closed) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String answer(DataInputStream in) throws IOException {
        int length = 0;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            if (line.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                length = Integer.parseInt(line.substring(LENGTH.length()).strip());
            }
        }
        byte[] body = new byte[length];
        in.readFully(body);
        return new String(body, UTF_8);
    }

    private static String line(DataInputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        socket.close();
    }
}
