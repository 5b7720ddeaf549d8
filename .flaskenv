FLASK_APP=app.live:application
FLASK_SKIP_DOTENV=0
