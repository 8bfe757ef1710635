#include "audit/ahead.h"

static void read_bundle(audit_ahead *a, uint64_t index)
{
    a->errors[index % 2] = (csl_error){0};
    a->status[index % 2] = audit_bundle_read(a->folder, index, audit_tile_width(a->size, index),
                                             &a->bundles[index % 2], &a->errors[index % 2]);
}

static void *work(void *context)
{
    audit_ahead *a = context;
    pthread_mutex_lock(&a->lock);
    while (!a->stop && a->read < a->count) {
        /* given - 1 is in use, given may wait; the one after would take the place of what is in use. */
        if (a->read > a->given) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        uint64_t index = a->read;
        pthread_mutex_unlock(&a->lock);
        read_bundle(a, index);
        pthread_mutex_lock(&a->lock);
        a->read++;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

void audit_ahead_open(audit_ahead *a, const audit_folder *folder, uint64_t size)
{
    *a = (audit_ahead){.folder = folder, .size = size, .count = (size + AUDIT_TILE - 1) / AUDIT_TILE};
    for (int i = 0; i < 2; i++) audit_bundle_init(&a->bundles[i]);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    a->threaded = a->count > 1 && pthread_create(&a->thread, NULL, work, a) == 0;
}

csl_status audit_ahead_next(audit_ahead *a, audit_bundle **bundle, unsigned *width, csl_error *error)
{
    uint64_t index = a->given;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->given++; /* the one before is free */
        pthread_cond_broadcast(&a->changed);
        while (a->read <= index) pthread_cond_wait(&a->changed, &a->lock);
        pthread_mutex_unlock(&a->lock);
    } else {
        a->given++;
        read_bundle(a, index);
    }
    *bundle = &a->bundles[index % 2];
    *width = audit_tile_width(a->size, index);
    if (a->status[index % 2] != CSL_OK && error) *error = a->errors[index % 2];
    return a->status[index % 2];
}

void audit_ahead_close(audit_ahead *a)
{
    if (!a->folder) return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->stop = true;
        pthread_cond_broadcast(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (int i = 0; i < 2; i++) audit_bundle_free(&a->bundles[i]);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    *a = (audit_ahead){0};
}
