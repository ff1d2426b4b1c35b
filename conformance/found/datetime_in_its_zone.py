import datetime, gc, weakref
class Zone(datetime.tzinfo): pass
zone = Zone()
zone.now = datetime.datetime(2000, 1, 1, tzinfo=zone)
gone = weakref.ref(zone)
del zone
gc.collect()
print(gone() is None)
