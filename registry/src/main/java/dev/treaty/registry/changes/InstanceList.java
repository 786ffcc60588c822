package dev.treaty.registry.changes;

import dev.treaty.core.discovery.ServiceInstance;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.RandomAccess;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service in the order of their ids, as an unchanging list. Another instance makes another
 * roster, which shares all but one chunk with the one before: in a service of ten thousand, a change copies some
 * hundred references, and whoever holds the old roster keeps it for nothing.
 */
public final class InstanceList extends AbstractList<ServiceInstance> implements RandomAccess {
    /** Nobody. */
    static final InstanceList EMPTY = new InstanceList(new ServiceInstance[0][]);

    /** The most instances in a chunk; one that grows over it is halved. */
    private static final int CHUNK_MAX = 128;

    /** Neighbours that fit together into this many become one, so that removals leave no trail of tiny chunks. */
    private static final int CHUNK_MERGE = CHUNK_MAX / 2;

    private final ServiceInstance[][] chunks; // none of them empty
    private final int[] ends; // how many instances there are up to and with each chunk

    private InstanceList(ServiceInstance[][] chunks) {
        this.chunks = chunks;
        this.ends = new int[chunks.length];
        int end = 0;
        for (int i = 0; i < chunks.length; i++) {
            end += chunks[i].length;
            ends[i] = end;
        }
    }

    @Override
    public int size() {
        return ends.length == 0 ? 0 : ends[ends.length - 1];
    }

    @Override
    public ServiceInstance get(int index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException("index " + index + " of " + size());
        }
        int found = Arrays.binarySearch(ends, index);
        int chunk = found < 0 ? -found - 1 : found + 1; // an end is the index of the first in the next chunk
        return chunks[chunk][index - (chunk == 0 ? 0 : ends[chunk - 1])];
    }

    /** The instance of that id, or null. */
    @Nullable
    ServiceInstance find(String id) {
        if (chunks.length == 0) {
            return null;
        }
        ServiceInstance[] chunk = chunks[chunkOf(id)];
        int at = search(chunk, id);
        return at < 0 ? null : chunk[at];
    }

    /** The roster in which that instance replaces the one of its id, or is there too. */
    InstanceList with(ServiceInstance instance) {
        if (chunks.length == 0) {
            return new InstanceList(new ServiceInstance[][] {{instance}});
        }
        int number = chunkOf(instance.id());
        ServiceInstance[] chunk = chunks[number];
        int at = search(chunk, instance.id());
        if (at >= 0) {
            ServiceInstance[] changed = chunk.clone();
            changed[at] = instance;
            return spliced(number, 1, changed);
        }
        int place = -at - 1;
        var grown = new ServiceInstance[chunk.length + 1];
        System.arraycopy(chunk, 0, grown, 0, place);
        grown[place] = instance;
        System.arraycopy(chunk, place, grown, place + 1, chunk.length - place);
        if (grown.length <= CHUNK_MAX) {
            return spliced(number, 1, grown);
        }
        int half = grown.length / 2;
        return spliced(number, 1, Arrays.copyOf(grown, half), Arrays.copyOfRange(grown, half, grown.length));
    }

    /** The roster without the instance of that id. */
    InstanceList without(String id) {
        if (chunks.length == 0) {
            return this;
        }
        int number = chunkOf(id);
        ServiceInstance[] chunk = chunks[number];
        int at = search(chunk, id);
        if (at < 0) {
            return this;
        }
        if (chunk.length == 1) {
            return chunks.length == 1 ? EMPTY : spliced(number, 1);
        }
        var shrunk = new ServiceInstance[chunk.length - 1];
        System.arraycopy(chunk, 0, shrunk, 0, at);
        System.arraycopy(chunk, at + 1, shrunk, at, shrunk.length - at);
        int first = number > 0 && chunks[number - 1].length + shrunk.length <= CHUNK_MERGE ? number - 1 : number;
        if (first < number) {
            return spliced(first, 2, joined(chunks[first], shrunk));
        }
        if (number + 1 < chunks.length && shrunk.length + chunks[number + 1].length <= CHUNK_MERGE) {
            return spliced(number, 2, joined(shrunk, chunks[number + 1]));
        }
        return spliced(number, 1, shrunk);
    }

    private static ServiceInstance[] joined(ServiceInstance[] one, ServiceInstance[] other) {
        ServiceInstance[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    private InstanceList spliced(int at, int replaced, ServiceInstance[]... by) {
        var changed = new ServiceInstance[chunks.length - replaced + by.length][];
        System.arraycopy(chunks, 0, changed, 0, at);
        System.arraycopy(by, 0, changed, at, by.length);
        System.arraycopy(chunks, at + replaced, changed, at + by.length, chunks.length - at - replaced);
        return new InstanceList(changed);
    }

    /** The chunk that has that id, or would. */
    private int chunkOf(String id) {
        int low = 0;
        int high = chunks.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (chunks[middle][0].id().compareTo(id) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private static int search(ServiceInstance[] chunk, String id) {
        int low = 0;
        int high = chunk.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = chunk[middle].id().compareTo(id);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    /** At most so many instances whose ids come after that one. */
    public List<ServiceInstance> after(String id, int max) {
        if (chunks.length == 0) {
            return List.of();
        }
        int number = chunkOf(id);
        int at = search(chunks[number], id);
        int from = (number == 0 ? 0 : ends[number - 1]) + (at < 0 ? -at - 1 : at + 1);
        return List.copyOf(subList(from, (int) Math.min(size(), (long) from + max)));
    }

    /**
     * What makes this roster of another, in the order of the ids.
     *
     * @param change told of each difference: the instance before, null where it is new, and now, null where it is gone
     */
    void since(InstanceList before, BiConsumer<@Nullable ServiceInstance, @Nullable ServiceInstance> change) {
        Iterator<ServiceInstance> olds = before.iterator();
        Iterator<ServiceInstance> news = iterator();
        ServiceInstance old = next(olds);
        ServiceInstance now = next(news);
        while (old != null || now != null) {
            if (now == null || (old != null && old.id().compareTo(now.id()) < 0)) {
                change.accept(old, null);
                old = next(olds);
            } else if (old == null || !old.id().equals(now.id())) {
                change.accept(null, now);
                now = next(news);
            } else {
                if (!old.equals(now)) {
                    change.accept(old, now);
                }
                old = next(olds);
                now = next(news);
            }
        }
    }

    private static @Nullable ServiceInstance next(Iterator<ServiceInstance> iterator) {
        return iterator.hasNext() ? iterator.next() : null;
    }

    @Override
    public Iterator<ServiceInstance> iterator() {
        return new Iterator<>() {
            private int chunk;
            private int at;

            @Override
            public boolean hasNext() {
                return chunk < chunks.length;
            }

            @Override
            public ServiceInstance next() {
                if (chunk >= chunks.length) {
                    throw new NoSuchElementException();
                }
                ServiceInstance next = chunks[chunk][at++];
                if (at == chunks[chunk].length) {
                    chunk++;
                    at = 0;
                }
                return next;
            }
        };
    }
}
