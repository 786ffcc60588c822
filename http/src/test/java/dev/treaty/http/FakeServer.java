package dev.treaty.http;

import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that runs a script of the test for each connection. */
final class FakeServer implements AutoCloseable {
    /** Handles one connection. */
    interface Script {
        void run(Socket socket) throws Exception;
    }

    private final ServerSocket socket;
    private final List<Socket> accepted = new CopyOnWriteArrayList<>();

    /** Runs the first script for the first connection, and so on; the last one is repeated. */
    FakeServer(Script... scripts) throws IOException {
        socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(() -> {
            for (int i = 0; !socket.isClosed(); i++) {
                accept(scripts[Math.min(i, scripts.length - 1)]);
            }
        });
    }

    private void accept(Script script) {
        try {
            Socket connection = socket.accept();
            accepted.add(connection);
            Thread.startVirtualThread(() -> {
                try (connection) {
                    script.run(connection);
                } catch (Exception e) {
                    // the client closed the connection first; the assertions of the test decide whether that is correct
                }
            });
        } catch (IOException e) {
            // closed
        }
    }

    ServiceEndpoint endpoint() {
        return new ServiceEndpoint("http", "127.0.0.1", socket.getLocalPort());
    }

    int connections() {
        return accepted.size();
    }

    /** Reads one request and returns it as text. */
    static String request(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("no request");
            }
            head.append((char) c);
        }
        int at = head.indexOf("Content-Length: ") + "Content-Length: ".length();
        byte[] body = in.readNBytes(Integer.parseInt(head.substring(at, head.indexOf("\r\n", at))));
        return head + new String(body, StandardCharsets.UTF_8);
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Responds to every request with the same bytes. */
    static Script always(String response) {
        return socket -> {
            while (true) {
                request(socket);
                send(socket, response);
            }
        };
    }

    /** Responds to one request and closes the connection. */
    static Script once(String response) {
        return socket -> {
            request(socket);
            send(socket, response);
        };
    }

    /** A valid response. */
    static String ok(String json) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n"
                + json;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        for (Socket connection : accepted) {
            connection.close();
        }
    }
}
