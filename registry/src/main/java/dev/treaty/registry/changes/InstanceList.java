package dev.treaty.registry.changes;

import dev.treaty.core.discovery.ServiceInstance;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.RandomAccess;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service in the order of their ids, as an immutable list. A change returns another list that
 * shares all but one chunk with the list before: with ten thousand instances, a change copies some hundred references.
 */
public final class InstanceList extends AbstractList<ServiceInstance> implements RandomAccess {
    static final InstanceList EMPTY = new InstanceList(new ServiceInstance[0][]);

    /** The most instances in a chunk; a chunk that grows beyond is split in halves. */
    private static final int CHUNK_MAX = 128;

    /** Neighbours that have this many instances together are merged, so that removals leave no tiny chunks. */
    private static final int CHUNK_MERGE = CHUNK_MAX / 2;

    private final ServiceInstance[][] chunks; // none of them empty
    private final int[] ends; // the number of instances up to the end of each chunk

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
        int chunk = found < 0 ? -found - 1 : found + 1; // an end is the index of the first instance in the next chunk
        return chunks[chunk][index - start(chunk)];
    }

    private int start(int chunk) {
        return chunk == 0 ? 0 : ends[chunk - 1];
    }

    /** Returns the instance with an id, or null. */
    @Nullable
    ServiceInstance find(String id) {
        if (chunks.length == 0) {
            return null;
        }
        ServiceInstance[] chunk = chunks[chunkOf(id)];
        int at = search(chunk, id);
        return at < 0 ? null : chunk[at];
    }

    /** Returns the list in which an instance is added or replaces the one with its id. */
    InstanceList with(ServiceInstance instance) {
        if (chunks.length == 0) {
            return new InstanceList(new ServiceInstance[][] {{instance}});
        }
        int number = chunkOf(instance.id());
        int at = search(chunks[number], instance.id());
        ServiceInstance[] added = {instance};
        ServiceInstance[] changed =
                at >= 0 ? splice(chunks[number], at, 1, added) : splice(chunks[number], -at - 1, 0, added);
        if (changed.length <= CHUNK_MAX) {
            return replace(number, 1, changed);
        }
        int half = changed.length / 2;
        return replace(number, 1, Arrays.copyOf(changed, half), Arrays.copyOfRange(changed, half, changed.length));
    }

    /** Returns the list without the instance with an id. */
    InstanceList without(String id) {
        int number = chunks.length == 0 ? 0 : chunkOf(id);
        int at = chunks.length == 0 ? -1 : search(chunks[number], id);
        if (at < 0) {
            return this;
        }
        ServiceInstance[] rest = splice(chunks[number], at, 1, new ServiceInstance[0]);
        if (rest.length == 0) {
            return replace(number, 1);
        }
        if (number > 0 && chunks[number - 1].length + rest.length <= CHUNK_MERGE) {
            ServiceInstance[] left = chunks[number - 1];
            return replace(number - 1, 2, splice(left, left.length, 0, rest));
        }
        if (number + 1 < chunks.length && rest.length + chunks[number + 1].length <= CHUNK_MERGE) {
            return replace(number, 2, splice(rest, rest.length, 0, chunks[number + 1]));
        }
        return replace(number, 1, rest);
    }

    private InstanceList replace(int chunk, int replaced, ServiceInstance[]... by) {
        return new InstanceList(splice(chunks, chunk, replaced, by));
    }

    /** Returns a copy of an array in which some elements are replaced by others. */
    private static <T> T[] splice(T[] array, int at, int replaced, T[] by) {
        T[] changed = Arrays.copyOf(array, array.length - replaced + by.length);
        System.arraycopy(by, 0, changed, at, by.length);
        System.arraycopy(array, at + replaced, changed, at + by.length, array.length - at - replaced);
        return changed;
    }

    /** Returns the number of the chunk that has an id or would have it. */
    private int chunkOf(String id) {
        int found = search(chunks.length, i -> chunks[i][0].id(), id);
        return found >= 0 ? found : Math.max(0, -found - 2);
    }

    private static int search(ServiceInstance[] chunk, String id) {
        return search(chunk.length, i -> chunk[i].id(), id);
    }

    /** Returns the index of an id in ascending ids, or {@code -insertionPoint - 1}. */
    private static int search(int size, IntFunction<String> ids, String id) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = ids.apply(middle).compareTo(id);
            if (order == 0) {
                return middle;
            }
            low = order < 0 ? middle + 1 : low;
            high = order < 0 ? high : middle - 1;
        }
        return -low - 1;
    }

    /** Returns the instances whose ids are greater than an id. */
    public List<ServiceInstance> after(String id) {
        if (chunks.length == 0) {
            return List.of();
        }
        int chunk = chunkOf(id);
        int at = search(chunks[chunk], id);
        int from = start(chunk) + (at < 0 ? -at - 1 : at + 1);
        return subList(from, size());
    }

    /**
     * Compares with an earlier list, in the order of the ids.
     *
     * @param difference receives the instance before (null if it is new) and now (null if it was removed)
     */
    void since(InstanceList before, BiConsumer<@Nullable ServiceInstance, @Nullable ServiceInstance> difference) {
        Iterator<ServiceInstance> olds = before.iterator();
        Iterator<ServiceInstance> news = iterator();
        ServiceInstance old = next(olds);
        ServiceInstance now = next(news);
        while (old != null || now != null) {
            int order = old == null ? 1 : now == null ? -1 : old.id().compareTo(now.id());
            ServiceInstance left = order <= 0 ? old : null;
            ServiceInstance right = order >= 0 ? now : null;
            if (left == null || !left.equals(right)) {
                difference.accept(left, right);
            }
            old = order <= 0 ? next(olds) : old;
            now = order >= 0 ? next(news) : now;
        }
    }

    private static @Nullable ServiceInstance next(Iterator<ServiceInstance> iterator) {
        return iterator.hasNext() ? iterator.next() : null;
    }
}
