"""What Prometheus is shown.

The processes that take requests note what they have counted on a board, once a second (see board.py). A process of its
own reads the notes, and the store, when it is asked. So a scrape costs those who take requests nothing, and one of
them that hangs or has died keeps nobody from seeing it.
"""
