FLASK_APP=app.live:commands()
FLASK_SKIP_DOTENV=0
