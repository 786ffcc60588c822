package dev.treaty.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/** A connection with HTTP/1.1 whose bytes the test writes itself. */
final class RawConnection implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 60_000;

    private final Socket socket;

    RawConnection(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    /** An encrypted connection. */
    RawConnection(int port, TestTls tls) throws IOException {
        this(tls.context().getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port));
    }

    private RawConnection(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    /** A response. */
    record Answer(int status, String head, String body) {
        boolean notReached() {
            return head.contains("\r\nTreaty-Reached: no\r\n");
        }

        boolean closes() {
            return head.contains("\r\nConnection: close\r\n");
        }
    }

    /** Returns a request with a body of JSON. */
    static String post(String path, String body, String... headers) {
        return head(path, body.length(), headers) + body;
    }

    /** Returns the head of a request. */
    static String head(String path, long length, String... headers) {
        var head = new StringBuilder(
                "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + length + "\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return head + "\r\n";
    }

    void send(String latin1) throws IOException {
        send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    Answer exchange(String request) throws IOException {
        send(request);
        return receive();
    }

    /** Reads a response with a length. */
    Answer receive() throws IOException {
        return receive(false);
    }

    /** Reads a response, of which the body may be left out since the request was HEAD. */
    Answer receive(boolean headOnly) throws IOException {
        InputStream in = socket.getInputStream();
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("closed after: " + head);
            }
            head.append((char) c);
        }
        int length = head.toString()
                .lines()
                .map(line -> line.toLowerCase(Locale.ROOT))
                .filter(line -> line.startsWith("content-length: "))
                .mapToInt(line -> Integer.parseInt(line.substring("content-length: ".length())))
                .findFirst()
                .orElse(0);
        String body = new String(in.readNBytes(headOnly ? 0 : length), StandardCharsets.UTF_8);
        return new Answer(Integer.parseInt(head.substring(9, 12)), head.toString(), body);
    }

    /** Reads until the server closes the connection. */
    String receiveAll() {
        var all = new StringBuilder();
        try {
            InputStream in = socket.getInputStream();
            for (int c = in.read(); c >= 0; c = in.read()) {
                all.append((char) c);
            }
        } catch (IOException e) {
            // it was reset
        }
        return all.toString();
    }

    /** The session of an encrypted connection. */
    SSLSession session() {
        return ((SSLSocket) socket).getSession();
    }

    /** Whether the server closes the connection without a further byte. */
    boolean ends() {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true; // it was reset
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
