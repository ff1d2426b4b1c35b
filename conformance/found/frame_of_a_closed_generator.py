class Local: pass
kept = []
def generator(local):
    try: 1 / 0
    except ZeroDivisionError as error: kept.append(error)
    yield; yield
waiting = generator(Local()); next(waiting); waiting.close()
repr(kept[0].__traceback__.tb_frame.f_locals)
print(True)
