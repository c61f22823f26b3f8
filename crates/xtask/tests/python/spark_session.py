"""A Spark of this machine alone, for tests."""


def session():
    import tempfile

    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("pgoutage-test")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="pgoutage-spark-"),
        # The recordings of a test are small: two hundred tasks for each join would be all of its time.
        "spark.sql.shuffle.partitions": "2",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
